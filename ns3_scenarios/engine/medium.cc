// World::Begin to Turn: messages whenever there are some, without rounds.
#include "guard.h"
#include "world.h"

#include "ns3/simulator.h"

#include <stdexcept>

using namespace ns3;

namespace testbed {

void
World::Begin(const std::vector<double>& positions_m)
{
    AdvanceTo(NowNs());  // the radios are made ready in the first instant, and draw numbers for that
    Place(positions_m);
    NotePositions();
    const auto stream = AssignStreams(0);
    Listen(0);
    m_air->BeginEnergy(NowNs(), {});
    const auto hello = NanoSeconds(m_settings.hello_ns);
    auto& hellos = m_traffic->hellos;
    // As in a round, so that the same hellos meet the same air.
    const auto guard = NanoSeconds(GUARD_NS);
    Simulator::Schedule(guard, &Hellos::Schedule, &hellos, hello - guard - guard);
    Simulator::Schedule(hello, &Hellos::Repeat, &hellos, hello, NanoSeconds(m_settings.beacon_ns));
    m_traffic->Begin(stream);
    m_numbers.assign(m_air->Size(), 0);
    m_traffic->ledger.ended = [this](const Parcel& parcel, const Delivery& delivery) {
        if (delivery.cause != Cause::SUPERSEDED) {
            m_ended.push_back({parcel.id, parcel.src, delivery.dst, delivery.cause == Cause::ARRIVED});
            Simulator::ScheduleNow([] { Simulator::Stop(); });  // behind all else of this instant
        }
    };
}

std::vector<uint16_t>
World::Neighbours(uint32_t device) const
{
    auto neighbours = m_traffic->hellos.Neighbours().neighbours.at(device);
    const bool gone = m_air->At(device).away;
    std::erase_if(neighbours, [this, gone](auto other) { return gone || m_air->At(other).away; });
    return neighbours;
}

std::vector<uint16_t>
World::Send(int64_t id, uint32_t src, int64_t dst, int64_t size_bytes)
{
    const auto receivers = dst < 0 ? Neighbours(src) : std::vector<uint16_t>{uint16_t(dst)};
    const auto parcel = m_traffic->ledger.Add(id, src, m_numbers.at(src)++, size_bytes, receivers);
    m_traffic->transport->Carry(parcel);
    return receivers;
}

void
World::Cancel(int64_t id)
{
    m_traffic->transport->Cancel(id);
}

std::vector<Ended>
World::Advance(int64_t until_ns)
{
    if (until_ns < NowNs()) {
        throw std::invalid_argument("time does not go back");
    }
    while (m_ended.empty() && NowNs() < until_ns) {
        AdvanceTo(until_ns);
    }
    std::sort(m_ended.begin(), m_ended.end());
    return std::exchange(m_ended, {});
}

Exchange
World::Turn(const std::vector<double>& positions_m, const std::vector<Absence>& absences)
{
    Exchange exchange;
    exchange.links = m_traffic->hellos.Heard();
    exchange.deliveries = m_traffic->ledger.Rows(false);
    CountUp(exchange);
    Place(positions_m);
    NotePositions();
    m_air->BeginEnergy(NowNs(), {});
    ScheduleAbsences(absences);
    return exchange;
}

}  // namespace testbed
