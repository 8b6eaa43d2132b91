// The `broadcast` transport: one transmission serves all neighbours.
//
// Every frame, data or done, waits an exponential gap whose mean lets the devices within two hops, all that can meet it at
// a receiver, offer `load` between them; and no device has more than one frame waiting in its MAC. Broadcast frames have
// neither ACK nor a back-off that grows, so what a crowded air does to them is not mended later.
//
// repair = fountain: the source sends symbols of a rateless code until all its neighbours have said they are done. The
// headers of a device's own data frames say so for free; and once a source has sent enough for anybody to be done, its
// frames name some of those it waits for, and one that is done and finds its name answers with a DONE frame. That frame
// lists all that is whole at its sender, so that each also mends the loss of those before.
#pragma once

#include "air.h"
#include "graph.h"
#include "messages.h"

#include "ns3/event-id.h"
#include "ns3/random-variable-stream.h"

namespace testbed {

class Broadcast {
  public:
    /// `over` is called when nothing more can arrive. Random streams from `first_stream`, one per device.
    Broadcast(Air& air, const Settings& settings, const Graph& graph, uint32_t round, int64_t first_stream,
              std::function<void()> over);
    ~Broadcast();

    /// `message` goes on the air from `start` on.
    void Add(const Message& message, ns3::Time start);

    /// Whether anything can arrive at all.
    bool Pending() const { return m_open > 0; }

    void Receive(uint32_t device, const FrameHeader& header);
    void OnAir(uint32_t device, uint64_t packet, ns3::Time duration);

    Deliveries Result() const;
    std::vector<int64_t> DataFrames() const;

  private:
    struct Station {
        Outgoing out;
        Incoming in;
        ns3::EventId data, done;
        ns3::Ptr<ns3::ExponentialRandomVariable> gap;
        uint32_t crowd = 1;  ///< devices within two hops, as the lists in the hellos tell
    };

    bool Fountain() const { return m_settings.repair == "fountain"; }
    ns3::Time Gap(uint32_t device, uint32_t bytes);
    void Data(uint32_t device);
    void SendSymbol(uint32_t device);
    void Done(uint32_t device);
    void ScheduleDone(uint32_t device);
    void TakeSymbol(uint32_t device, const FrameHeader& header);
    void TakeDone(uint32_t device, const FrameHeader& header);
    void Through(uint32_t device);
    FrameHeader Header(uint32_t device, Kind kind) const;

    Air& m_air;
    const Settings& m_settings;
    const Graph& m_graph;
    uint32_t m_round;
    std::function<void()> m_over;
    std::vector<Station> m_stations;
    uint64_t m_open = 0;      ///< deliveries still to arrive
    uint32_t m_sending = 0;   ///< sources not yet through
};

}  // namespace testbed
