// Senders that always have a frame to send: what the radio proof measures (testbed/bench/radio.py).
#pragma once

#include "air.h"

#include "ns3/mac48-address.h"

namespace testbed {

class Saturation {
  public:
    /// Devices 1 to `senders` send frames of `bytes` to device 0, which acknowledges them, or to all.
    Saturation(Air& air, uint32_t senders, uint32_t bytes, bool unicast);
    ~Saturation();

    /// Frames that have come to device 0, each counted once.
    int64_t Received() const { return m_received; }

  private:
    void Connect(bool on);
    void Feed(uint32_t sender);
    void OnTransmit(std::string sender, ns3::WifiConstPsduMap, ns3::WifiTxVector, double) { Feed(std::stoul(sender)); }
    void OnReceived(ns3::Ptr<const ns3::Packet>) { ++m_received; }

    Air& m_air;
    uint32_t m_senders;
    uint32_t m_bytes;
    ns3::Address m_to;
    int64_t m_received = 0;
};

}  // namespace testbed
