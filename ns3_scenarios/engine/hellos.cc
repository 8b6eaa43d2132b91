#include "hellos.h"

#include "ns3/simulator.h"

#include <cmath>

using namespace ns3;

namespace testbed {

Hellos::Hellos(Air& air, const Settings& settings, uint32_t round, Ptr<UniformRandomVariable> jitter)
    : m_air(air),
      m_settings(settings),
      m_round(round),
      m_jitter(jitter),
      m_count(size_t{air.Size()} * air.Size()),
      m_snr_db(m_count.size()),
      m_have(air.Size())
{
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
Hellos::Send(uint32_t device)
{
    if (m_air.At(device).away) {
        return;
    }
    FrameHeader hello;
    hello.kind = Kind::HELLO;
    hello.source = device;
    hello.round = m_round;
    const auto room = (m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES) / 2;
    hello.have = m_have[device];
    hello.have.resize(std::min<size_t>(hello.have.size(), room));
    // As long as a full data frame and at its rate: a link that carries hellos then carries data.
    const auto data_bytes = FrameHeader::FIXED_BYTES + m_settings.payload_bytes;
    const auto header_bytes = hello.GetSerializedSize();
    m_air.At(device).Send(Radio::Frame(hello, data_bytes > header_bytes ? data_bytes - header_bytes : 0));
}

void
Hellos::Receive(uint32_t device, const FrameHeader& header, double snr)
{
    const auto at = At(header.source, device);
    if (m_count[at]++ == 0) {
        m_have[device].push_back(header.source);
    }
    m_snr_db[at] += 10 * std::log10(snr);
}

bool
Hellos::Enough(uint32_t src, uint32_t dst) const
{
    return m_count[At(src, dst)] / double(m_settings.hellos) >= m_settings.hello_share;
}

Graph
Hellos::Neighbours() const
{
    Graph graph(m_air.Size());
    for (uint32_t i = 0; i < m_air.Size(); ++i) {
        for (uint32_t j = 0; j < m_air.Size(); ++j) {
            if (Enough(i, j) && Enough(j, i)) {
                graph.neighbours[i].push_back(j);
            }
        }
    }
    return graph;
}

Links
Hellos::Heard() const
{
    Links links;
    for (uint32_t src = 0; src < m_air.Size(); ++src) {
        for (uint32_t dst = 0; dst < m_air.Size(); ++dst) {
            if (const auto count = m_count[At(src, dst)]) {
                links.src.push_back(src);
                links.dst.push_back(dst);
                links.snr_db.push_back(m_snr_db[At(src, dst)] / count);
                links.heard.push_back(count / double(m_settings.hellos));
                links.neighbour.push_back(Enough(src, dst) && Enough(dst, src));
            }
        }
    }
    return links;
}

}  // namespace testbed
