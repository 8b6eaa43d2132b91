// One device's 802.11a radio: sends frames of ours, hands up what it decodes, counts what it puts on the air.
#pragma once

#include "frame.h"

#include "ns3/mac48-address.h"
#include "ns3/packet.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy.h"

#include <functional>

namespace testbed {

/// A frame that goes on the air.
struct Sending {
    ns3::Ptr<const ns3::Packet> packet;
    ns3::Mac48Address to;
    bool retry;  ///< the MAC sends it again
    ns3::Time duration;
};

class Radio {
  public:
    explicit Radio(ns3::Ptr<ns3::WifiNetDevice> device);
    Radio(const Radio&) = delete;

    /// A frame of `header` and `body_bytes` more.
    static ns3::Ptr<ns3::Packet> Frame(const FrameHeader& header, uint32_t body_bytes);

    /// Queues a frame for all who hear it, or for one receiver, whose MAC acknowledges it.
    void Send(ns3::Ptr<ns3::Packet> frame, ns3::Mac48Address to = ns3::Mac48Address::GetBroadcast());

    ns3::Mac48Address MacAddress() const;
    ns3::Ptr<ns3::WifiNetDevice> Device() const { return m_device; }

    /// Whether a frame still waits in the MAC's queue (the one on the air has left it), or none can be sent at all.
    bool Busy() const { return away || m_queue->GetNPackets() > 0; }

    /// Drops what waits in the MAC's queue.
    void Flush() { m_queue->Flush(); }

    /// Largest header and body that one frame can hold.
    uint32_t MaxBytes() const { return m_device->GetMtu(); }

    /// As a MAC that has never sent: no frame, no grown window, no rate learnt. The air has to be quiet.
    void Reset();

    /// Counts frames from 0 on.
    void Restart() { airtime_ns = frames = retries = data_frames = 0; }

    /// Tells nobody of frames.
    void Mute();

    /// Whether `received` is told the SNR; ns-3 then copies each frame that it decodes.
    void MeasureSnr(bool on);

    bool away = false;
    int64_t airtime_ns = 0;
    int64_t frames = 0, retries = 0;
    int64_t data_frames = 0;  ///< those of messages; counted by the transport
    std::function<void(const FrameHeader&, double snr)> received;
    std::function<void(const Sending&)> sending;
    std::function<void(uint64_t packet, bool acknowledged)> settled;

  private:
    void OnTransmit(ns3::WifiConstPsduMap psdus, ns3::WifiTxVector vector, double power_w);
    void OnDecoded(ns3::Ptr<const ns3::Packet> packet, double snr, ns3::WifiMode mode, ns3::WifiPreamble preamble);
    void OnReceive(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet, uint16_t protocol,
                   const ns3::Address& from, const ns3::Address& to, ns3::NetDevice::PacketType type);
    void OnAcknowledged(ns3::Ptr<const ns3::WifiMpdu> frame);
    void OnDropped(ns3::WifiMacDropReason reason, ns3::Ptr<const ns3::WifiMpdu> frame);

    ns3::Ptr<ns3::WifiNetDevice> m_device;
    ns3::Ptr<ns3::WifiMacQueue> m_queue;
    double m_snr = 0;  ///< of the frame being handed up, as a ratio
};

}  // namespace testbed
