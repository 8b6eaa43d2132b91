// The `broadcast` transport: one transmission serves all neighbours.
//
// Every frame waits an exponential gap (pacer.h), and no device has more than one frame waiting in its MAC. Broadcast
// frames have neither ACK nor a back-off that grows, so what a crowded air does to them is not mended later.
//
// repair = fountain: the source sends symbols of a rateless code until all it serves have said that they are done. The
// headers of a device's own data frames say so for free; and once a source has sent enough for anybody to be done, its
// frames name some of those it waits for, and one that is done and finds its name answers with a DONE frame. That frame
// lists all that is whole at its sender, so that each also mends the loss of those before.
//
// repair = nack: once the source has sent every frame it asks, in its last frame and in POLL frames, those that have not
// said that they are done. One that is named answers DONE, or with a NACK that names the frames it misses; the source
// sends the union of those named, and asks again.
#pragma once

#include "incoming.h"
#include "pacer.h"
#include "transport.h"

#include "ns3/event-id.h"

#include <deque>

namespace testbed {

class Broadcast : public Transport {
  public:
    Broadcast(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream);
    ~Broadcast() override;

    void Rest() override;
    void Receive(uint32_t device, const FrameHeader& header) override;
    void OnAir(uint32_t device, const Sending& sending) override;

  private:
    /// The message that a device is sending.
    struct Outgoing {
        ParcelPtr parcel;                ///< none: nothing to send
        std::vector<uint16_t> waiting;   ///< receivers that have not said they have it
        uint32_t needed = 0;             ///< frames
        uint32_t sent = 0;
        std::set<uint32_t> todo;         ///< nack: frames to send
        uint64_t packet = 0;             ///< the last data frame handed to the MAC

        std::vector<uint16_t> SomeWaiting(size_t room) const;
    };
    struct Station {
        std::deque<ParcelPtr> queue;  ///< the first is on its way
        Outgoing out;
        Incoming in;
        ns3::EventId data, answer;
    };

    void Start(ParcelPtr parcel) override;
    void Forget(const ParcelPtr& parcel, uint16_t dst) override;
    void Begin(uint32_t device);
    void Finish(uint32_t device);
    void Lost(uint32_t device);
    void Done(uint32_t device, uint16_t receiver);

    FrameHeader Header(uint32_t device, Kind kind) const;
    ns3::Time DataGap(uint32_t device);
    void Slot(uint32_t device);
    void SendData(uint32_t device);
    void SendPoll(uint32_t device);

    bool Carries(uint32_t device, const Receipt& receipt) const;
    void TakeData(uint32_t device, const FrameHeader& header);
    bool TakeFrame(const FrameHeader& header, Incoming::Progress& progress);
    void TakeNack(uint32_t device, const FrameHeader& header);
    void TakePoll(uint32_t device, const FrameHeader& header);
    void ScheduleAnswer(uint32_t device);
    void Answer(uint32_t device);
    void SendNack(uint32_t device, uint16_t source);

    const bool m_nack, m_none;  ///< the repair; neither: fountain
    Pacer m_pacer;
    std::vector<Station> m_stations;
};

}  // namespace testbed
