// World::Round: everybody meets, sends, and waits until all is over.
#include "guard.h"
#include "world.h"

#include "ns3/simulator.h"

#include <stdexcept>

using namespace ns3;

namespace testbed {

void
World::MeetNeighbours(int64_t until_ns)
{
    m_traffic->hellos.Schedule(NanoSeconds(until_ns - GUARD_NS) - Simulator::Now());
    AdvanceTo(until_ns);
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).MeasureSnr(false);
    }
}

void
World::Carry(uint32_t round, int64_t opened_ns, int64_t deadline_ns, const std::vector<Message>& messages)
{
    auto last_ready_ns = opened_ns;
    auto& ledger = m_traffic->ledger;
    const auto& graph = m_traffic->hellos.Neighbours();
    std::vector<EventId> starts;
    for (const auto& message : messages) {
        last_ready_ns = std::max(last_ready_ns, message.ready_ns);
        const auto& neighbours = graph.neighbours[message.src];
        const auto parcel = ledger.Add(message.src, message.src, round, message.size_bytes, neighbours);
        const auto wait = NanoSeconds(std::max<int64_t>(0, message.ready_ns - NowNs()));
        starts.push_back(Simulator::Schedule(wait, &Transport::Carry, m_traffic->transport.get(), parcel));
    }
    ledger.ended = [&ledger](const Parcel&, const Delivery&) {
        if (ledger.Open() == 0) {
            Simulator::Stop();
        }
    };
    if (ledger.Open() > 0) {
        AdvanceTo(deadline_ns);
    }
    AdvanceTo(std::clamp(last_ready_ns, NowNs(), std::max(NowNs(), deadline_ns)));
    for (auto& start : starts) {
        start.Cancel();
    }
}

Exchange
World::Round(uint32_t round, int64_t opened_ns, int64_t deadline_ns, const std::vector<double>& positions_m,
             const std::vector<Message>& messages, const std::vector<Absence>& absences)
{
    if (deadline_ns <= opened_ns + m_settings.hello_ns) {
        throw std::invalid_argument("the deadline of a round must leave time for its hellos");
    }
    Exchange exchange;
    Open(opened_ns, positions_m);
    AdvanceTo(opened_ns + GUARD_NS);
    const auto stream = AssignStreams(round);
    Listen(round);
    m_air->BeginEnergy(opened_ns, absences);
    ScheduleAbsences(absences);
    MeetNeighbours(opened_ns + m_settings.hello_ns);
    exchange.links = m_traffic->hellos.Heard();
    m_traffic->Begin(stream);
    Carry(round, opened_ns, deadline_ns, messages);
    exchange.deliveries = m_traffic->ledger.Rows(true);
    CountUp(exchange);
    m_traffic.reset();
    ScheduleAbsences({});
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).Flush();
    }
    return exchange;
}

}  // namespace testbed
