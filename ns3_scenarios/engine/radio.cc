#include "radio.h"

#include "ns3/node.h"
#include "ns3/txop.h"
#include "ns3/wifi-mpdu.h"
#include "ns3/wifi-psdu.h"
#include "ns3/wifi-remote-station-manager.h"

using namespace ns3;

namespace testbed {

constexpr uint16_t PROTOCOL = 0x88b5;  // EtherType for local experiments (IEEE 802)

Radio::Radio(Ptr<WifiNetDevice> device)
    : m_device(device),
      m_queue(device->GetMac()->GetTxopQueue(AC_BE_NQOS))
{
    // ns-3 drops what has waited 500 ms and what is more than 500 frames; here a frame waits as long as the air is taken,
    // rounds flush the rest, and what a TCP may have under way to all neighbours fits.
    m_queue->SetMaxDelay(Hours(1));
    m_queue->SetMaxSize(QueueSize("1000000p"));
    device->GetPhy()->TraceConnectWithoutContext("PhyTxPsduBegin", MakeCallback(&Radio::OnTransmit, this));
    device->GetMac()->TraceConnectWithoutContext("AckedMpdu", MakeCallback(&Radio::OnAcknowledged, this));
    device->GetMac()->TraceConnectWithoutContext("DroppedMpdu", MakeCallback(&Radio::OnDropped, this));
    device->GetNode()->RegisterProtocolHandler(MakeCallback(&Radio::OnReceive, this), PROTOCOL, device);
    Mute();
}

Mac48Address
Radio::MacAddress() const
{
    return m_device->GetMac()->GetAddress();
}

void
Radio::Mute()
{
    received = [](const FrameHeader&, double) {};
    sending = [](const Sending&) {};
    settled = [](uint64_t, bool) {};
}

/// Forgets what was learnt of other stations and of failures; the basic rates are no such thing.
static void
Forget(WifiRemoteStationManager& manager)
{
    std::vector<WifiMode> basic;
    for (uint8_t i = 0; i < manager.GetNBasicModes(); ++i) {
        basic.push_back(manager.GetBasicMode(i));
    }
    manager.Reset();
    for (const auto& mode : basic) {
        manager.AddBasicMode(mode);
    }
}

void
Radio::Reset()
{
    const auto txop = m_device->GetMac()->GetTxop();
    Flush();
    txop->ResetCw(SINGLE_LINK_OP_ID);
    txop->StartBackoffNow(0, SINGLE_LINK_OP_ID);
    Forget(*m_device->GetRemoteStationManager());
}

void
Radio::MeasureSnr(bool on)
{
    const auto state = m_device->GetPhy()->GetState();
    const auto callback = MakeCallback(&Radio::OnDecoded, this);
    on ? state->TraceConnectWithoutContext("RxOk", callback) : state->TraceDisconnectWithoutContext("RxOk", callback);
}

Ptr<Packet>
Radio::Frame(const FrameHeader& header, uint32_t body_bytes)
{
    auto packet = ns3::Create<Packet>(body_bytes);
    packet->AddHeader(header);
    return packet;
}

void
Radio::Send(Ptr<Packet> frame, Mac48Address to)
{
    m_device->Send(frame, to, PROTOCOL);
}

void
Radio::OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double)
{
    const auto duration = WifiPhy::CalculateTxDuration(psdus, vector, m_device->GetPhy()->GetPhyBand());
    airtime_ns += duration.GetNanoSeconds();
    ++frames;
    const auto psdu = psdus.begin()->second;
    const auto& header = psdu->GetHeader(0);
    retries += header.IsRetry();
    sending({psdu->GetPayload(0), header.GetAddr1(), header.IsRetry(), duration});
}

void
Radio::OnDecoded(Ptr<const Packet>, double snr, WifiMode, WifiPreamble)
{
    m_snr = snr;  // the MAC hands the frame up within this same event
}

void
Radio::OnAcknowledged(Ptr<const WifiMpdu> frame)
{
    settled(frame->GetPacket()->GetUid(), true);
}

void
Radio::OnDropped(WifiMacDropReason, Ptr<const WifiMpdu> frame)
{
    settled(frame->GetPacket()->GetUid(), false);
}

void
Radio::OnReceive(Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t, const Address&, const Address&,
                 NetDevice::PacketType type)
{
    if (type != NetDevice::PACKET_OTHERHOST) {
        FrameHeader header;
        packet->PeekHeader(header);
        received(header, m_snr);
    }
}

}  // namespace testbed
