#include "hellos.h"

#include "guard.h"

#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>

using namespace ns3;

namespace testbed {

Hellos::Hellos(Air& air, const Settings& settings, uint32_t round, Ptr<UniformRandomVariable> jitter)
    : m_air(air),
      m_settings(settings),
      m_round(round),
      m_jitter(jitter),
      m_graph(air.Size()),
      m_sent(air.Size()),
      m_packet(air.Size()),
      m_heard(air.Size()),
      m_have(air.Size()),
      m_next(air.Size()),
      m_settling(air.Size())
{
}

Hellos::~Hellos()
{
    for (uint32_t device = 0; device < m_air.Size(); ++device) {
        m_next[device].Cancel();
        m_settling[device].Cancel();
    }
}

void
Hellos::Schedule(Time duration)
{
    const double part = duration.GetNanoSeconds() / double(m_settings.hellos);
    for (uint32_t device = 0; device < m_air.Size(); ++device) {
        for (uint32_t i = 0; i < m_settings.hellos; ++i) {
            const auto when = NanoSeconds(int64_t((i + m_jitter->GetValue(0, 1)) * part));
            Simulator::ScheduleWithContext(device, when, &Hellos::Send, this, device);
        }
    }
}

void
Hellos::Repeat(Time begin, Time period)
{
    for (uint32_t device = 0; device < m_air.Size(); ++device) {
        Beacon(device, begin, period);
    }
}

void
Hellos::Beacon(uint32_t device, Time begin, Time period)
{
    const auto when = begin + NanoSeconds(int64_t(m_jitter->GetValue(0, 1) * period.GetNanoSeconds()));
    m_next[device] = Simulator::Schedule(when - Simulator::Now(), [this, device, begin, period] {
        Send(device);
        Beacon(device, begin + period, period);
    });
}

void
Hellos::Send(uint32_t device)
{
    const auto sequence = m_sent[device]++;
    if (m_air.At(device).away) {
        Settle(device, sequence);
        return;
    }
    FrameHeader hello;
    hello.kind = Kind::HELLO;
    hello.source = device;
    hello.number = m_round;
    hello.sequence = sequence;
    const auto room = (m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES) / FrameHeader::NAME_BYTES;
    hello.names = m_have[device];
    hello.names.resize(std::min<size_t>(hello.names.size(), room));
    // As long as a full data frame and at its rate: a link that carries hellos then carries data.
    const auto data_bytes = FrameHeader::FIXED_BYTES + m_settings.payload_bytes;
    const auto header_bytes = hello.GetSerializedSize();
    const auto frame = Radio::Frame(hello, data_bytes > header_bytes ? data_bytes - header_bytes : 0);
    m_packet[device] = frame->GetUid();
    m_air.At(device).Send(frame);
}

void
Hellos::OnAir(uint32_t device, const Sending& sending)
{
    if (sending.packet->GetUid() == m_packet[device]) {
        const auto after = sending.duration + NanoSeconds(SETTLED_NS);
        m_settling[device] = Simulator::Schedule(after, &Hellos::Settle, this, device, m_sent[device] - 1);
    }
}

void
Hellos::Receive(uint32_t device, const FrameHeader& header, double snr)
{
    if (header.number != m_round) {
        return;
    }
    auto& decoded = m_heard[header.source][device];
    if (decoded.empty()) {
        m_have[device].push_back(header.source);
    }
    decoded.push_back({header.sequence, 10 * std::log10(snr)});
}

void
Hellos::Settle(uint32_t device, uint32_t sequence)
{
    for (auto& [dst, decoded] : m_heard[device]) {
        while (!decoded.empty() && decoded.front().sequence + m_settings.hellos <= sequence) {
            decoded.pop_front();
        }
        if (decoded.empty()) {
            std::erase(m_have[dst], device);
        }
        m_graph.Set(device, dst, Enough(decoded.size()) && Enough(Count(dst, device)));
    }
    std::erase_if(m_heard[device], [](const auto& at) { return at.second.empty(); });
}

uint32_t
Hellos::Count(uint32_t src, uint32_t dst) const
{
    const auto at = m_heard[src].find(dst);
    return at == m_heard[src].end() ? 0 : at->second.size();
}

Links
Hellos::Heard() const
{
    Links links;
    for (uint32_t src = 0; src < m_air.Size(); ++src) {
        for (const auto& [dst, decoded] : m_heard[src]) {
            double snr_db = 0;
            for (const auto& each : decoded) {
                snr_db += each.snr_db;
            }
            links.src.push_back(src);
            links.dst.push_back(dst);
            links.snr_db.push_back(snr_db / decoded.size());
            links.delivery.push_back(decoded.size() / double(m_settings.hellos));
            links.neighbour.push_back(m_graph.Linked(src, dst));
        }
    }
    return links;
}

}  // namespace testbed
