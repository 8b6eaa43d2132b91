// Who hears whom, and how well, as the hello frames tell.
#pragma once

#include "air.h"
#include "exchange.h"
#include "graph.h"

#include "ns3/event-id.h"
#include "ns3/random-variable-stream.h"

#include <deque>
#include <map>

namespace testbed {

/// A link counts by the last `hellos` hellos of its source; a device's `n`-th hello says that it is the `n`-th.
class Hellos {
  public:
    Hellos(Air& air, const Settings& settings, uint32_t round, ns3::Ptr<ns3::UniformRandomVariable> jitter);
    ~Hellos();

    /// Each device sends its first hellos within `duration` from now, one at a random moment of each equal part of it.
    void Schedule(ns3::Time duration);

    /// From `begin` on, each device sends one more at a random moment of each `period`, without end.
    void Repeat(ns3::Time begin, ns3::Time period);

    void Receive(uint32_t device, const FrameHeader& header, double snr);
    void OnAir(uint32_t device, const Sending& sending);

    /// Links heard both ways, each with at least hello_share of the hellos. A device knows its side from its own count
    /// and the other from the lists in the hellos; the engine reads both sides from the same decoded frames.
    ///
    /// It is brought up to date whenever a hello has left the air, or its device is away and sends none.
    const Graph& Neighbours() const { return m_graph; }

    Links Heard() const;

  private:
    struct Decoded {
        uint32_t sequence;
        double snr_db;
    };

    void Beacon(uint32_t device, ns3::Time begin, ns3::Time period);
    void Send(uint32_t device);
    void Settle(uint32_t device, uint32_t sequence);
    uint32_t Count(uint32_t src, uint32_t dst) const;
    bool Enough(uint32_t count) const { return count / double(m_settings.hellos) >= m_settings.hello_share; }

    Air& m_air;
    const Settings& m_settings;
    uint32_t m_round;
    ns3::Ptr<ns3::UniformRandomVariable> m_jitter;
    Graph m_graph;
    std::vector<uint32_t> m_sent;                                   ///< hellos of each device
    std::vector<uint64_t> m_packet;                                 ///< the last of them, while it waits in the MAC
    std::vector<std::map<uint16_t, std::deque<Decoded>>> m_heard;   ///< [src][dst]: hellos of src that dst decoded
    std::vector<std::vector<uint16_t>> m_have;                      ///< whom each device has heard
    std::vector<ns3::EventId> m_next;                               ///< hello of each device, where they repeat
    std::vector<ns3::EventId> m_settling;                           ///< of the one that is on the air
};

}  // namespace testbed
