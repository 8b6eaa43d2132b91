#include "world.h"

#include "saturation.h"

#include "ns3/mac48-address.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"

#include <stdexcept>

using namespace ns3;

namespace testbed {

// Quiet time at the opening, longer than any frame (2304 bytes at 6 Mb/s: 3.1 ms), in which what the last round left on
// the air fades; and at the end of the hello phase, for hellos that had to wait.
constexpr int64_t GUARD_NS = 5'000'000;

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
    Simulator::Destroy();
}

void
World::AdvanceTo(int64_t time_ns)
{
    auto stop = Simulator::Stop(NanoSeconds(time_ns) - Simulator::Now());
    Simulator::Run();
    stop.Cancel();  // where the round was over before
}

void
World::Open(int64_t opened_ns, const std::vector<double>& positions_m)
{
    if (opened_ns < Simulator::Now().GetNanoSeconds()) {
        throw std::invalid_argument("a round cannot open before the last one closed");
    }
    AdvanceTo(opened_ns);
    for (size_t i = 0; 2 * i < positions_m.size(); ++i) {
        m_air->Place(i, positions_m[2 * i], positions_m[2 * i + 1]);
    }
}

int64_t
World::AssignStreams(uint32_t round)
{
    const auto next = m_air->AssignStreams(STREAMS * (int64_t{round} + 1));
    m_hello_jitter->SetStream(next);
    return next + 1;
}

Graph
World::MeetNeighbours(uint32_t round, int64_t until_ns, Exchange& exchange)
{
    Hellos hellos(*m_air, m_settings, round, m_hello_jitter);
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).received = [&hellos, round, i](const FrameHeader& header, double snr) {
            if (header.round == round && header.kind == Kind::HELLO) {
                hellos.Receive(i, header, snr);
            }
        };
        m_air->At(i).sending = [](uint64_t, Time) {};
        m_air->At(i).MeasureSnr(true);
    }
    hellos.Schedule(NanoSeconds(until_ns - GUARD_NS) - Simulator::Now());
    AdvanceTo(until_ns);
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).MeasureSnr(false);
    }
    exchange.links = hellos.Heard();
    return hellos.Neighbours();
}

void
World::Carry(Broadcast& transport, int64_t opened_ns, int64_t deadline_ns, const std::vector<Message>& messages)
{
    auto last_ready_ns = opened_ns;
    for (const auto& message : messages) {
        last_ready_ns = std::max(last_ready_ns, message.ready_ns);
        transport.Add(message, std::max(Simulator::Now(), NanoSeconds(message.ready_ns)));
    }
    const bool pending = transport.Pending();
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).received = [&transport, this, i](const FrameHeader& header, double) {
            if (header.kind != Kind::HELLO) {
                transport.Receive(i, header);
            }
        };
        m_air->At(i).sending = [&transport, i](uint64_t packet, Time duration) { transport.OnAir(i, packet, duration); };
    }
    if (pending) {
        AdvanceTo(deadline_ns);
    }
    const auto now_ns = Simulator::Now().GetNanoSeconds();
    AdvanceTo(std::clamp(last_ready_ns, now_ns, std::max(now_ns, deadline_ns)));
}

void
World::Close(Exchange& exchange)
{
    exchange.closed_ns = Simulator::Now().GetNanoSeconds();
    exchange.events = Simulator::GetEventCount();
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        auto& radio = m_air->At(i);
        exchange.devices.airtime_ns.push_back(radio.airtime_ns);
        exchange.devices.frames.push_back(radio.frames);
        exchange.devices.retries.push_back(0);
        exchange.devices.energy_j.push_back(m_air->EnergyJ(i));
        radio.Flush();
        radio.airtime_ns = radio.frames = 0;
        radio.received = [](const FrameHeader&, double) {};
        radio.sending = [](uint64_t, Time) {};
    }
}

void
World::ScheduleAbsences(const std::vector<Absence>& absences)
{
    const auto now_ns = Simulator::Now().GetNanoSeconds();
    for (const auto& [device, from_ns, until_ns] : absences) {
        if (until_ns > now_ns) {
            const auto leave = NanoSeconds(std::max<int64_t>(0, from_ns - now_ns));
            m_turns.push_back(Simulator::Schedule(leave, &Air::SetAway, m_air.get(), device, true));
            m_turns.push_back(Simulator::Schedule(NanoSeconds(until_ns - now_ns), &Air::SetAway, m_air.get(), device, false));
        }
    }
}

void
World::EndAbsences()
{
    for (auto& turn : m_turns) {
        turn.Cancel();
    }
    m_turns.clear();
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        if (m_air->At(i).away) {
            m_air->SetAway(i, false);
        }
    }
}

/// What did not arrive while its source or destination was away did not arrive because of that.
static void
BlameAbsences(Deliveries& rows, const std::vector<Absence>& absences, int64_t opened_ns, int64_t closed_ns)
{
    for (const auto& absence : absences) {
        for (size_t i = 0; i < rows.src.size() && absence.Meets(opened_ns, closed_ns); ++i) {
            const bool concerned = rows.src[i] == int32_t(absence.device) || rows.dst[i] == int32_t(absence.device);
            if (concerned && rows.arrived_ns[i] == NEVER) {
                rows.cause[i] = static_cast<uint8_t>(Cause::AWAY);
            }
        }
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
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        const auto position = m_air->Position(i);
        exchange.devices.x_m.push_back(position.x);
        exchange.devices.y_m.push_back(position.y);
    }
    AdvanceTo(opened_ns + GUARD_NS);
    const auto stream = AssignStreams(round);
    m_air->BeginEnergy(opened_ns, absences);
    ScheduleAbsences(absences);
    const auto graph = MeetNeighbours(round, opened_ns + m_settings.hello_ns, exchange);
    Broadcast transport(*m_air, m_settings, graph, round, stream, [] { Simulator::Stop(); });
    Carry(transport, opened_ns, deadline_ns, messages);
    exchange.deliveries = transport.Result();
    exchange.devices.data_frames = transport.DataFrames();
    Close(exchange);
    EndAbsences();
    BlameAbsences(exchange.deliveries, absences, opened_ns, exchange.closed_ns);
    return exchange;
}

int64_t
World::Saturate(uint32_t senders, uint32_t bytes, bool unicast, int64_t duration_ns,
                const std::vector<double>& positions_m)
{
    const auto opened_ns = Simulator::Now().GetNanoSeconds();
    Open(opened_ns, positions_m);
    AssignStreams(0);
    for (uint32_t i = 0; i < m_air->Size(); ++i) {
        m_air->At(i).sending = [](auto&&...) {};
    }
    Saturation saturation(*m_air, senders, bytes, unicast);
    AdvanceTo(opened_ns + duration_ns);
    return saturation.Received();
}

}  // namespace testbed
