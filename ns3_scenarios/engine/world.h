// One world for a whole run, driven in pieces: round by round, or message by message.
#pragma once

#include "air.h"
#include "exchange.h"
#include "traffic.h"

namespace testbed {

class World {
  public:
    /// ns-3 holds one simulator, hence one world at a time. Throws std::invalid_argument on settings ns-3 does not know.
    explicit World(Settings settings);
    ~World();
    World(const World&) = delete;

    int64_t RateBps() const { return m_air->RateBps(); }
    int64_t NowNs() const;
    int64_t Events() const;

    /// One round. `positions_m` holds x, y of each device, or nothing where they move by themselves. The k-th messages of
    /// all devices are exchange k, which begins when the one before is over.
    ///
    /// Nothing but `round`, the arguments and (where devices move by themselves) `opened_ns` decides the outcome: radios
    /// are quiet at the opening and all random streams start anew, so that a fresh world can go on from any round.
    Exchange Round(uint32_t round, int64_t opened_ns, int64_t deadline_ns, const std::vector<double>& positions_m,
                   const std::vector<Message>& messages, uint64_t matching_seed, const std::vector<Absence>& absences);

    /// Frames that devices 1 to `senders`, saturated, bring to device 0 in `duration_ns`; at the positions given.
    int64_t Saturate(uint32_t senders, uint32_t bytes, bool unicast, int64_t duration_ns,
                     const std::vector<double>& positions_m);

    /// Instead of rounds: hellos without end from now on, and messages whenever there are some.
    void Begin(const std::vector<double>& positions_m);

    /// Whom the device hears and is heard by, of those that are here.
    std::vector<uint16_t> Neighbours(uint32_t device) const;

    /// A message sets out now; `id` is above all before. To one device, or (below 0) to all neighbours; to whom it is.
    std::vector<uint16_t> Send(int64_t id, uint32_t src, int64_t dst, int64_t size_bytes);

    /// What of the message has not arrived never will.
    void Cancel(int64_t id);

    /// Goes on to the first instant up to `until_ns` at which deliveries end otherwise than by Cancel; these are they.
    std::vector<Ended> Advance(int64_t until_ns);

    /// What came of the last turn on; the next period has these positions and absences.
    Exchange Turn(const std::vector<double>& positions_m, const std::vector<Absence>& absences);

  private:
    /// A message and when it may set out.
    struct Outgoing {
        ParcelPtr parcel;
        int64_t ready_ns;
    };

    void AdvanceTo(int64_t time_ns);
    void Open(int64_t opened_ns, const std::vector<double>& positions_m);
    void Place(const std::vector<double>& positions_m);
    int64_t AssignStreams(uint32_t round);
    void Listen(uint32_t round);
    void MeetNeighbours(int64_t until_ns);
    std::vector<std::vector<Outgoing>> Exchanges(uint32_t round, const std::vector<Message>& messages,
                                                 uint64_t matching_seed);
    void Carry(int64_t deadline_ns, const std::vector<std::vector<Outgoing>>& exchanges);
    void SetAway(uint32_t device, bool away);
    void ScheduleAbsences(const std::vector<Absence>& absences);
    void NotePositions();
    void CountUp(Exchange& exchange);

    Settings m_settings;
    std::unique_ptr<Air> m_air;
    ns3::Ptr<ns3::UniformRandomVariable> m_hello_jitter;
    std::vector<ns3::EventId> m_turns;  ///< of devices that leave or come back
    std::unique_ptr<Traffic> m_traffic;
    std::vector<double> m_x_m, m_y_m;   ///< when the round or period began
    std::vector<uint32_t> m_numbers;    ///< messages that each device has sent, where there are no rounds
    std::vector<Ended> m_ended;         ///< deliveries, since the last Advance
};

}  // namespace testbed
