#include "stream.h"

#include "ns3/arp-cache.h"
#include "ns3/arp-l3-protocol.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/ipv4-interface.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/rtt-estimator.h"
#include "ns3/tcp-cubic.h"
#include "ns3/tcp-prr-recovery.h"
#include "ns3/traffic-control-layer.h"
#include "ns3/uinteger.h"

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Stream);

constexpr uint32_t NETWORK = 0x0a000000;  // 10.0.0.0/8

TypeId
Stream::GetTypeId()
{
    static TypeId id = TypeId("testbed::Stream").SetParent<TcpSocketBase>().AddConstructor<Stream>();
    return id;
}

/// IPv4 with an empty ARP table and no queue of its own before that of the MAC.
static Ptr<Ipv4L3Protocol>
InstallIpv4(Ptr<WifiNetDevice> device, Ipv4Address address)
{
    const auto node = device->GetNode();
    const auto arp = CreateObject<ArpL3Protocol>();
    const auto ipv4 = CreateObject<Ipv4L3Protocol>();
    const auto control = CreateObject<TrafficControlLayer>();
    node->AggregateObject(arp);
    node->AggregateObject(ipv4);
    ipv4->SetRoutingProtocol(CreateObject<Ipv4StaticRouting>());
    node->AggregateObject(control);
    arp->SetTrafficControl(control);
    const auto interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, "255.0.0.0"));
    ipv4->SetUp(interface);
    return ipv4;
}

Ipv4Address
Stack::AddressOf(uint32_t device)
{
    return Ipv4Address(NETWORK + 1 + device);
}

uint32_t
Stack::DeviceAt(Ipv4Address address)
{
    return address.Get() - NETWORK - 1;
}

Stack::Stack(Radio& radio, uint32_t device)
    : m_ipv4(radio.Device()->GetNode()->GetObject<Ipv4L3Protocol>()),
      m_tcp(CreateObject<TcpL4Protocol>()),
      m_node(radio.Device()->GetNode())
{
    if (!m_ipv4) {
        m_ipv4 = InstallIpv4(radio.Device(), AddressOf(device));
    }
    m_interface = m_ipv4->GetInterfaceForDevice(radio.Device());
    m_tcp->SetNode(m_node);
    m_tcp->SetDownTarget(MakeCallback(&Ipv4L3Protocol::Send, m_ipv4));
    m_ipv4->Insert(m_tcp);
}

Stack::~Stack()
{
    m_ipv4->Remove(m_tcp);
    m_tcp->Dispose();
}

Ptr<Stream>
Stack::MakeStream(uint32_t segment_bytes)
{
    const auto stream = CreateObject<Stream>();
    stream->SetNode(m_node);
    stream->SetTcp(m_tcp);
    stream->SetRtt(CreateObject<RttMeanDeviation>());
    stream->SetCongestionControlAlgorithm(CreateObject<TcpCubic>());
    stream->SetRecoveryAlgorithm(CreateObject<TcpPrrRecovery>());
    stream->SetAttribute("SegmentSize", UintegerValue(segment_bytes));
    stream->SetAttribute("ConnTimeout", TimeValue(Seconds(1)));       // RFC 6298, 2.1
    stream->SetAttribute("MaxSegLifetime", DoubleValue(1));           // one hop: no segment roams for minutes
    m_tcp->AddSocket(stream);
    return stream;
}

void
Stack::Know(Radio& other, uint32_t device)
{
    const auto cache = m_ipv4->GetInterface(m_interface)->GetArpCache();
    const auto address = AddressOf(device);
    if (!cache->Lookup(address)) {
        auto* entry = cache->Add(address);
        entry->SetMacAddress(other.MacAddress());
        entry->MarkPermanent();
    }
}

}  // namespace testbed
