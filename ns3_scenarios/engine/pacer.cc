#include "pacer.h"

using namespace ns3;

namespace testbed {

Pacer::Pacer(Air& air, const Graph& graph, double load, int64_t first_stream)
    : m_air(air),
      m_graph(graph),
      m_load(load),
      m_paces(air.Size())
{
    for (auto& pace : m_paces) {
        pace.gap = CreateObject<ExponentialRandomVariable>();
        pace.gap->SetStream(first_stream++);
    }
}

Time
Pacer::Gap(uint32_t device, uint32_t bytes)
{
    auto& [gap, crowd, version] = m_paces[device];
    if (crowd == 0 || version != m_graph.version) {
        crowd = m_graph.TwoHops(device);
        version = m_graph.version;
    }
    const double mean_ns = crowd * m_air.FrameTime(bytes).GetNanoSeconds() / m_load;
    return NanoSeconds(int64_t(gap->GetValue(mean_ns, 0)));
}

}  // namespace testbed
