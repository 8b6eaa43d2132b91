// The `unicast` transport: a message goes to each receiver by itself, frame by frame, and the receiver's MAC acknowledges
// every frame; the sender's MAC repeats it up to its retry limit, with a back-off that grows.
//
// A device has one frame in its MAC at a time. It stays with a receiver until that has the whole message, then turns to
// the next; a frame that its MAC gave up is handed to it again after a paced gap (pacer.h), while other receivers are
// served. Messages to the same receiver go one after the other.
#pragma once

#include "pacer.h"
#include "transport.h"

#include "ns3/event-id.h"

#include <deque>
#include <map>

namespace testbed {

class Unicast : public Transport {
  public:
    Unicast(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream);
    ~Unicast() override;

    void Receive(uint32_t device, const FrameHeader& header) override;
    void OnAir(uint32_t device, const Sending& sending) override;
    void Settled(uint32_t device, uint64_t packet, bool acknowledged) override;

  private:
    /// What goes to one receiver.
    struct Lane {
        std::deque<ParcelPtr> queue;  ///< the first is on its way
        uint32_t acknowledged = 0;    ///< frames of it
        uint32_t decoded = 0;         ///< the same at the other end; one more where an ACK was lost
        ns3::Time resume;             ///< not before this
    };
    struct Station {
        std::map<uint16_t, Lane> lanes;
        uint16_t turn = 0;            ///< receiver that is served, or the next to be
        uint64_t packet = 0;          ///< the frame in the MAC, if any
        ParcelPtr parcel;             ///< that it belongs to
        ns3::EventId wake;
    };

    void Start(ParcelPtr parcel) override;
    void Forget(const ParcelPtr& parcel, uint16_t dst) override;
    void Wake(uint32_t device, ns3::Time wait);
    void Pump(uint32_t device);
    Lane* Next(Station& station);
    void Send(uint32_t device, Lane& lane);
    void Acknowledged(Station& station, Lane& lane);
    void GivenUp(uint32_t device, Lane& lane);
    void Drop(Station& station, Lane& lane, const ParcelPtr& parcel);

    Pacer m_pacer;
    std::vector<Station> m_stations;
};

}  // namespace testbed
