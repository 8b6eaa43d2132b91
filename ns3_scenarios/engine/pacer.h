// When a device may next put a frame on the air, so that a neighbourhood is offered a stated load.
#pragma once

#include "air.h"
#include "graph.h"

#include "ns3/random-variable-stream.h"

namespace testbed {

class Pacer {
  public:
    /// Random streams from `first_stream`, one per device.
    Pacer(Air& air, const Graph& graph, double load, int64_t first_stream);

    /// Exponential; its mean lets the devices within two hops, all that can meet a frame with `bytes` of ours at one of
    /// its receivers, offer `load` between them.
    ns3::Time Gap(uint32_t device, uint32_t bytes);

  private:
    struct Pace {
        ns3::Ptr<ns3::ExponentialRandomVariable> gap;
        uint32_t crowd = 0;    ///< devices within two hops, as the lists in the hellos tell
        uint64_t version = 0;  ///< of the graph that says so
    };

    Air& m_air;
    const Graph& m_graph;
    double m_load;
    std::vector<Pace> m_paces;
};

}  // namespace testbed
