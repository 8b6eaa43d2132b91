// World::Round: everybody meets, sends, and waits until all is over.
#include "guard.h"
#include "matching.h"
#include "world.h"

#include "ns3/simulator.h"

#include <map>
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

/// Whom the messages of each device are for, by what their `dst` says.
static std::map<int32_t, std::vector<std::vector<uint16_t>>>
Receivers(const Graph& graph, const std::vector<Message>& messages, uint64_t matching_seed)
{
    std::map<int32_t, std::vector<std::vector<uint16_t>>> receivers{{ALL_NEIGHBOURS, graph.neighbours}};
    for (const auto& message : messages) {
        if (!receivers.contains(message.dst)) {
            receivers[message.dst] = Partners(graph, matching_seed, message.dst == ONE_PAIR ? 1 : SIZE_MAX);
        }
    }
    return receivers;
}

/// The k-th messages of all devices are exchange k.
std::vector<std::vector<World::Outgoing>>
World::Exchanges(uint32_t round, const std::vector<Message>& messages, uint64_t matching_seed)
{
    const auto receivers = Receivers(m_traffic->hellos.Neighbours(), messages, matching_seed);
    std::vector<size_t> count(m_air->Size()), sent(m_air->Size());
    for (const auto& message : messages) {
        ++count[message.src];
    }
    std::vector<std::vector<Outgoing>> exchanges(*std::max_element(count.begin(), count.end()));
    for (const auto& [src, dst, size_bytes, ready_ns] : messages) {
        const auto k = sent[src]++;
        const auto number = uint32_t(round * exchanges.size() + k);
        const int64_t id = k * m_air->Size() + src;
        const auto parcel = m_traffic->ledger.Add(id, src, number, size_bytes, receivers.at(dst)[src]);
        exchanges[k].push_back({parcel, ready_ns});
    }
    return exchanges;
}

void
World::Carry(int64_t deadline_ns, const std::vector<std::vector<Outgoing>>& exchanges)
{
    auto last_ready_ns = NowNs();
    auto& ledger = m_traffic->ledger;
    auto later = ledger.Open();  // deliveries of exchanges that have not begun
    ledger.ended = [&ledger, &later](const Parcel&, const Delivery&) {
        if (ledger.Open() == later) {
            Simulator::Stop();
        }
    };
    std::vector<EventId> starts;
    for (size_t k = 0; k < exchanges.size() && NowNs() < deadline_ns; ++k) {
        m_traffic->transport->Rest();
        for (const auto& [parcel, ready_ns] : exchanges[k]) {
            later -= parcel->to.size();
            last_ready_ns = std::max(last_ready_ns, ready_ns);
            const auto wait = NanoSeconds(std::max<int64_t>(0, ready_ns - NowNs()));
            starts.push_back(Simulator::Schedule(wait, &Transport::Carry, m_traffic->transport.get(), parcel));
        }
        if (ledger.Open() > later) {
            AdvanceTo(deadline_ns);
        }
    }
    ledger.ended = [](const Parcel&, const Delivery&) {};
    AdvanceTo(std::clamp(last_ready_ns, NowNs(), std::max(NowNs(), deadline_ns)));
    for (auto& start : starts) {
        start.Cancel();
    }
}

Exchange
World::Round(uint32_t round, int64_t opened_ns, int64_t deadline_ns, const std::vector<double>& positions_m,
             const std::vector<Message>& messages, uint64_t matching_seed, const std::vector<Absence>& absences)
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
    Carry(deadline_ns, Exchanges(round, messages, matching_seed));
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
