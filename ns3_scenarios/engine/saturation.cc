#include "saturation.h"

#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-net-device.h"

using namespace ns3;

namespace testbed {

constexpr uint16_t PROTOCOL = 0x88b6;  // the second EtherType for local experiments (IEEE 802): nobody listens to it

// Frames that wait while one is on the air.
constexpr uint32_t AHEAD = 2;

Saturation::Saturation(Air& air, uint32_t senders, uint32_t bytes, bool unicast)
    : m_air(air),
      m_senders(senders),
      m_bytes(bytes),
      m_to(unicast ? air.Device(0)->GetAddress() : air.Device(0)->GetBroadcast())
{
    Connect(true);
    for (uint32_t sender = 1; sender <= m_senders; ++sender) {
        Feed(sender);
    }
}

Saturation::~Saturation()
{
    Connect(false);
}

void
Saturation::Connect(bool on)
{
    const auto receive = MakeCallback(&Saturation::OnReceived, this);
    const auto mac = m_air.Device(0)->GetMac();
    on ? mac->TraceConnectWithoutContext("MacRx", receive) : mac->TraceDisconnectWithoutContext("MacRx", receive);
    for (uint32_t sender = 1; sender <= m_senders; ++sender) {
        const auto feed = MakeCallback(&Saturation::OnTransmit, this);
        const auto phy = m_air.Device(sender)->GetPhy();
        const auto name = std::to_string(sender);
        on ? phy->TraceConnect("PhyTxPsduBegin", name, feed) : phy->TraceDisconnect("PhyTxPsduBegin", name, feed);
    }
}

void
Saturation::Feed(uint32_t sender)
{
    const auto device = m_air.Device(sender);
    const auto queue = device->GetMac()->GetTxopQueue(AC_BE_NQOS);
    while (queue->GetNPackets() < AHEAD) {
        device->Send(Create<Packet>(m_bytes), m_to, PROTOCOL);
    }
}

}  // namespace testbed
