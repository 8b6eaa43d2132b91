// One world for a whole run, driven in pieces: each exchange goes on where the last one closed.
#pragma once

#include "air.h"
#include "broadcast.h"
#include "exchange.h"
#include "hellos.h"

namespace testbed {

class World {
  public:
    /// ns-3 holds one simulator, hence one world at a time. Throws std::invalid_argument on settings ns-3 does not know.
    explicit World(Settings settings);
    ~World();
    World(const World&) = delete;

    /// One round. `positions_m` holds x, y of each device, or nothing where they move by themselves.
    ///
    /// Nothing but `round`, the arguments and (waypoints) `opened_ns` decides the outcome: radios are quiet at the
    /// opening and all random streams start anew, so that a fresh world can go on from any round.
    Exchange Round(uint32_t round, int64_t opened_ns, int64_t deadline_ns, const std::vector<double>& positions_m,
                   const std::vector<Message>& messages, const std::vector<Absence>& absences);

    /// Frames that devices 1 to `senders`, saturated, bring to device 0 in `duration_ns`; at the positions given.
    int64_t Saturate(uint32_t senders, uint32_t bytes, bool unicast, int64_t duration_ns,
                     const std::vector<double>& positions_m);

    int64_t RateBps() const { return m_air->RateBps(); }

  private:
    void AdvanceTo(int64_t time_ns);
    void Open(int64_t opened_ns, const std::vector<double>& positions_m);
    int64_t AssignStreams(uint32_t round);
    Graph MeetNeighbours(uint32_t round, int64_t until_ns, Exchange& exchange);
    void Carry(Broadcast& transport, int64_t opened_ns, int64_t deadline_ns, const std::vector<Message>& messages);
    void ScheduleAbsences(const std::vector<Absence>& absences);
    void EndAbsences();
    void Close(Exchange& exchange);

    Settings m_settings;
    std::unique_ptr<Air> m_air;
    ns3::Ptr<ns3::UniformRandomVariable> m_hello_jitter;
    std::vector<ns3::EventId> m_turns;  ///< of devices that leave or come back in this round
};

}  // namespace testbed
