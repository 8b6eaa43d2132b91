#include "transport.h"

#include "broadcast.h"
#include "tcp.h"
#include "unicast.h"

#include "ns3/simulator.h"

using namespace ns3;

namespace testbed {

Transport::Transport(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger)
    : m_air(air),
      m_settings(settings),
      m_graph(graph),
      m_ledger(ledger)
{
}

std::unique_ptr<Transport>
Transport::Make(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream)
{
    if (settings.transport == "unicast") {
        return std::make_unique<Unicast>(air, settings, graph, ledger, first_stream);
    }
    if (settings.transport == "tcp") {
        return std::make_unique<Tcp>(air, settings, graph, ledger, first_stream);
    }
    return std::make_unique<Broadcast>(air, settings, graph, ledger, first_stream);
}

void
Transport::Carry(ParcelPtr parcel)
{
    if (parcel->to.empty()) {
        return;
    }
    m_carried.push_back(parcel);
    Start(parcel);
    for (const auto& delivery : parcel->to) {
        if (m_air.At(parcel->src).away || m_air.At(delivery.dst).away) {
            End(parcel, delivery.dst, Cause::AWAY);
        }
    }
}

void
Transport::Cancel(int64_t id)
{
    for (const auto& parcel : std::list(m_carried)) {
        for (size_t i = 0; parcel->id == id && i < parcel->to.size(); ++i) {
            End(parcel, parcel->to[i].dst, Cause::SUPERSEDED);
        }
    }
}

void
Transport::Rest()
{
    for (const auto& parcel : std::list(m_carried)) {
        for (const auto& delivery : parcel->to) {
            Forget(parcel, delivery.dst);
        }
    }
}

void
Transport::Leave(uint32_t device)
{
    for (const auto& parcel : std::list(m_carried)) {
        for (const auto& delivery : parcel->to) {
            if (parcel->src == device || delivery.dst == device) {
                End(parcel, delivery.dst, Cause::AWAY);
            }
        }
    }
}

void
Transport::End(const ParcelPtr& parcel, uint16_t dst, Cause cause)
{
    m_ledger.End(*parcel, *parcel->To(dst), cause);
    Forget(parcel, dst);
}

void
Transport::Count(Delivery& delivery, bool retry)
{
    if (delivery.started_ns == NEVER) {
        delivery.started_ns = Simulator::Now().GetNanoSeconds();
    }
    ++delivery.frames;
    delivery.retries += retry;
}

}  // namespace testbed
