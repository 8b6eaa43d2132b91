// One device's 802.11a radio: sends frames of ours, hands up what it decodes, counts what it puts on the air.
#pragma once

#include "frame.h"

#include "ns3/packet.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy.h"

#include <functional>

namespace testbed {

class Radio {
  public:
    explicit Radio(ns3::Ptr<ns3::WifiNetDevice> device);
    Radio(const Radio&) = delete;

    /// A frame of `header` and `body_bytes` more; `sending` will name its id.
    static ns3::Ptr<ns3::Packet> Frame(const FrameHeader& header, uint32_t body_bytes);

    /// Queues a frame for all who hear it.
    void Send(ns3::Ptr<ns3::Packet> frame);

    /// Whether a frame still waits in the MAC's queue (the one on the air has left it), or none can be sent at all.
    bool Busy() const { return away || m_queue->GetNPackets() > 0; }

    /// Drops what waits in the MAC's queue.
    void Flush() { m_queue->Flush(); }

    /// Largest header and body that one frame can hold.
    uint32_t MaxBytes() const { return m_device->GetMtu(); }

    /// Whether `received` is told the SNR; ns-3 then copies each frame that it decodes.
    void MeasureSnr(bool on);

    bool away = false;
    int64_t airtime_ns = 0;
    int64_t frames = 0;
    std::function<void(const FrameHeader&, double snr)> received;
    std::function<void(uint64_t packet, ns3::Time duration)> sending;

  private:
    void OnTransmit(ns3::WifiConstPsduMap psdus, ns3::WifiTxVector vector, double power_w);
    void OnDecoded(ns3::Ptr<const ns3::Packet> packet, double snr, ns3::WifiMode mode, ns3::WifiPreamble preamble);
    bool OnReceive(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet, uint16_t protocol,
                   const ns3::Address& from);

    ns3::Ptr<ns3::WifiNetDevice> m_device;
    ns3::Ptr<ns3::WifiMacQueue> m_queue;
    double m_snr = 0;  ///< of the frame being handed up, as a ratio
};

}  // namespace testbed
