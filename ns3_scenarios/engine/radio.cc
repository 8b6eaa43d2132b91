#include "radio.h"

#include "ns3/mac48-address.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-psdu.h"

using namespace ns3;

namespace testbed {

constexpr uint16_t PROTOCOL = 0x88b5;  // EtherType for local experiments (IEEE 802)

Radio::Radio(Ptr<WifiNetDevice> device)
    : m_device(device),
      m_queue(device->GetMac()->GetTxopQueue(AC_BE_NQOS))
{
    // ns-3 drops what has waited 500 ms; here a frame waits as long as the air is taken, and rounds flush the rest.
    m_queue->SetMaxDelay(Hours(1));
    device->GetPhy()->TraceConnectWithoutContext("PhyTxPsduBegin", MakeCallback(&Radio::OnTransmit, this));
    device->SetReceiveCallback(MakeCallback(&Radio::OnReceive, this));
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
Radio::Send(Ptr<Packet> frame)
{
    m_device->Send(frame, Mac48Address::GetBroadcast(), PROTOCOL);
}

void
Radio::OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double)
{
    const auto duration = WifiPhy::CalculateTxDuration(psdus, vector, m_device->GetPhy()->GetPhyBand());
    airtime_ns += duration.GetNanoSeconds();
    ++frames;
    sending(psdus.begin()->second->GetPayload(0)->GetUid(), duration);
}

void
Radio::OnDecoded(Ptr<const Packet>, double snr, WifiMode, WifiPreamble)
{
    m_snr = snr;  // the MAC hands the frame up within this same event
}

bool
Radio::OnReceive(Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t protocol, const Address&)
{
    if (protocol == PROTOCOL) {
        FrameHeader header;
        packet->PeekHeader(header);
        received(header, m_snr);
    }
    return true;
}

}  // namespace testbed
