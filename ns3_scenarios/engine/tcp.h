// The `tcp` transport: one connection of ns-3's TCP over IPv4 for each message and receiver.
//
// The message goes into the connection behind a header of ours, and has arrived when the receiving application has read
// its last byte. A source opens the connections to its receivers at once; messages to the same receiver go one after the
// other. A connection that could not be made, or broke, is made anew after a paced gap.
#pragma once

#include "pacer.h"
#include "stream.h"
#include "transport.h"

#include "ns3/event-id.h"
#include "ns3/tcp-header.h"

#include <deque>
#include <map>

namespace testbed {

class Tcp : public Transport {
  public:
    Tcp(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream);
    /// Ends all connections, without a word on the air.
    ~Tcp() override;

    void OnAir(uint32_t device, const Sending& sending) override;

  private:
    using Way = std::pair<uint16_t, uint16_t>;  ///< source and receiver

    struct Lane {
        std::deque<ParcelPtr> queue;  ///< the first is on its way
        ns3::Ptr<Stream> stream;
        uint32_t buffer = 0;          ///< bytes that TCP takes before any is acknowledged
        int64_t unwritten = 0;        ///< bytes that the application still has to hand to TCP
        int64_t unread = 0;           ///< bytes that the one at the other end still has to read
        uint16_t port = 0;            ///< of the source
        ns3::EventId retry;
    };

    void Start(ParcelPtr parcel) override;
    void Forget(const ParcelPtr& parcel, uint16_t dst) override;
    void Open(Way way);
    void Broken(Way way, ns3::Ptr<ns3::Socket> stream);
    void Write(Way way, ns3::Ptr<ns3::Socket> stream, uint32_t room);
    void Leave(Way way);
    void Hang(Lane& lane);
    void Accept(uint16_t device, ns3::Ptr<ns3::Socket> stream, const ns3::Address& from);
    void Read(Way way, uint16_t port, ns3::Ptr<ns3::Socket> stream);
    int64_t StreamBytes(const Parcel& parcel) const { return FrameHeader::FIXED_BYTES + parcel.size_bytes; }

    Pacer m_pacer;
    std::vector<std::unique_ptr<Stack>> m_stacks;
    std::map<Way, Lane> m_lanes;
};

}  // namespace testbed
