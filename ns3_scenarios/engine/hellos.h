// The hello phase of a round: every device makes itself heard, and out comes who hears whom, and how well.
#pragma once

#include "air.h"
#include "exchange.h"
#include "graph.h"

#include "ns3/random-variable-stream.h"

namespace testbed {

class Hellos {
  public:
    Hellos(Air& air, const Settings& settings, uint32_t round, ns3::Ptr<ns3::UniformRandomVariable> jitter);

    /// Each device sends its hellos within `duration` from now, one at a random moment of each equal part of it.
    void Schedule(ns3::Time duration);

    void Receive(uint32_t device, const FrameHeader& header, double snr);

    /// Links heard both ways, each with at least hello_share of the hellos. A device knows its side from its own count
    /// and the other from the lists in the hellos; the engine reads both sides from the same decoded frames.
    Graph Neighbours() const;

    Links Heard() const;

  private:
    void Send(uint32_t device);
    bool Enough(uint32_t src, uint32_t dst) const;
    size_t At(uint32_t src, uint32_t dst) const { return size_t{src} * m_air.Size() + dst; }

    Air& m_air;
    const Settings& m_settings;
    uint32_t m_round;
    ns3::Ptr<ns3::UniformRandomVariable> m_jitter;
    std::vector<uint32_t> m_count;                ///< [src, dst]: hellos of src that dst decoded
    std::vector<double> m_snr_db;                 ///< [src, dst]: sum over them
    std::vector<std::vector<uint16_t>> m_have;    ///< whom each device has heard
};

}  // namespace testbed
