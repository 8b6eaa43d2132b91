// ns-3's IPv4 and TCP below the `tcp` transport.
#pragma once

#include "radio.h"

#include "ns3/ipv4-l3-protocol.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-socket-base.h"

namespace testbed {

/// A TCP socket that can be given up at once.
class Stream : public ns3::TcpSocketBase {
  public:
    static ns3::TypeId GetTypeId();

    /// Tells the other end with a RST that this one is gone.
    void Abort() { SendRST(); }
};

/// A device's TCP, on IPv4 that stays with its node; it takes all its connections along when it goes.
class Stack {
  public:
    /// The device's number makes its address.
    Stack(Radio& radio, uint32_t device);
    ~Stack();
    Stack(const Stack&) = delete;

    static ns3::Ipv4Address AddressOf(uint32_t device);
    static uint32_t DeviceAt(ns3::Ipv4Address address);

    ns3::Ptr<Stream> MakeStream(uint32_t segment_bytes);

    /// Enters the other in this one's ARP table, so that nobody has to ask.
    void Know(Radio& other, uint32_t device);

  private:
    ns3::Ptr<ns3::Ipv4L3Protocol> m_ipv4;
    ns3::Ptr<ns3::TcpL4Protocol> m_tcp;
    ns3::Ptr<ns3::Node> m_node;
    uint32_t m_interface;
};

}  // namespace testbed
