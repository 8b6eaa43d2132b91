#include "world.h"

#include "saturation.h"

#include "ns3/mac48-address.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"

#include <set>
#include <stdexcept>

using namespace ns3;

namespace testbed {

// Streams of a round: more than 65,536 devices need.
constexpr int64_t STREAMS = int64_t{1} << 22;

World::World(Settings settings)
    : m_settings(std::move(settings))
{
    Mac48Address::ResetAllocationIndex();
    RngSeedManager::ResetNextStreamIndex();
    RngSeedManager::SetSeed(1 + m_settings.seed % 4294944442);  // MRG32k3a: 1 to 4294944442
    RngSeedManager::SetRun(m_settings.seed >> 32);
    m_air = std::make_unique<Air>(m_settings);
    m_hello_jitter = CreateObject<UniformRandomVariable>();
}

World::~World()
{
    m_traffic.reset();
    Simulator::Destroy();
}

int64_t
World::NowNs() const
{
    return Simulator::Now().GetNanoSeconds();
}

int64_t
World::Events() const
{
    return Simulator::GetEventCount();
}

void
World::AdvanceTo(int64_t time_ns)
{
    auto stop = Simulator::Stop(NanoSeconds(time_ns) - Simulator::Now());
    Simulator::Run();
    stop.Remove();  // where something else stopped it before
}

void
World::Open(int64_t opened_ns, const std::vector<double>& positions_m)
{
    if (opened_ns < NowNs()) {
        throw std::invalid_argument("a round cannot open before the last one closed");
    }
    AdvanceTo(opened_ns);
    Place(positions_m);
    NotePositions();
}

void
World::Place(const std::vector<double>& positions_m)
{
    for (size_t i = 0; 2 * i < positions_m.size(); ++i) {
        m_air->Place(i, positions_m[2 * i], positions_m[2 * i + 1]);
    }
}

void
World::NotePositions()
{
    m_x_m.clear();
    m_y_m.clear();
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        const auto position = m_air->Position(i);
        m_x_m.push_back(position.x);
        m_y_m.push_back(position.y);
    }
}

int64_t
World::AssignStreams(uint32_t round)
{
    const auto next = m_air->AssignStreams(STREAMS * (int64_t{round} + 1));
    m_hello_jitter->SetStream(next);
    return next + 1;
}

void
World::Listen(uint32_t round)
{
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).Reset();
        m_air->At(i).Restart();  // the ACK of the last frame of a round comes after its end
        m_air->At(i).MeasureSnr(true);
    }
    m_traffic = std::make_unique<Traffic>(*m_air, m_settings, round, m_hello_jitter);
}

void
World::SetAway(uint32_t device, bool away)
{
    m_air->SetAway(device, away);
    if (away && m_traffic && m_traffic->transport) {
        m_traffic->transport->Leave(device);
    }
}

void
World::ScheduleAbsences(const std::vector<Absence>& absences)
{
    for (auto& turn : m_turns) {
        turn.Cancel();
    }
    m_turns.clear();
    std::set<uint32_t> away;
    const auto in = [this](int64_t time_ns) { return NanoSeconds(time_ns - NowNs()); };
    for (const auto& [device, from_ns, until_ns] : absences) {
        if (from_ns <= NowNs() && NowNs() < until_ns) {
            away.insert(device);
        } else if (from_ns > NowNs()) {
            m_turns.push_back(Simulator::Schedule(in(from_ns), &World::SetAway, this, device, true));
        }
        if (until_ns > NowNs()) {
            m_turns.push_back(Simulator::Schedule(in(until_ns), &World::SetAway, this, device, false));
        }
    }
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        if (m_air->At(i).away != away.contains(i)) {
            SetAway(i, away.contains(i));
        }
    }
}

void
World::CountUp(Exchange& exchange)
{
    exchange.closed_ns = NowNs();
    exchange.events = Events();
    exchange.devices.x_m = m_x_m;
    exchange.devices.y_m = m_y_m;
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        auto& radio = m_air->At(i);
        exchange.devices.airtime_ns.push_back(radio.airtime_ns);
        exchange.devices.frames.push_back(radio.frames);
        exchange.devices.data_frames.push_back(radio.data_frames);
        exchange.devices.retries.push_back(radio.retries);
        exchange.devices.energy_j.push_back(m_air->EnergyJ(i));
        radio.Restart();
    }
}

int64_t
World::Saturate(uint32_t senders, uint32_t bytes, bool unicast, int64_t duration_ns,
                const std::vector<double>& positions_m)
{
    const auto opened_ns = NowNs();
    Place(positions_m);
    AssignStreams(0);
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).Mute();
    }
    Saturation saturation(*m_air, senders, bytes, unicast);
    AdvanceTo(opened_ns + duration_ns);
    return saturation.Received();
}

}  // namespace testbed
