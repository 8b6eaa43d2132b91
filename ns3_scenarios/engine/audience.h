// All radios on a channel, as one that sends has to know them: where they are, how they move, what they can hear.
#pragma once

#include "ns3/mobility-model.h"
#include "ns3/nstime.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/yans-wifi-channel.h"
#include "ns3/yans-wifi-phy.h"

#include <vector>

namespace testbed {

class Audience {
  public:
    struct Ear {
        ns3::YansWifiPhy* phy;
        ns3::Ptr<ns3::MobilityModel> mobility;
        uint32_t node;
        double faintest_dbm;  ///< RxSensitivity before the antenna's gain; what is fainter goes unnoticed
        std::vector<const char*> memory;  ///< cache lines of the objects that the arrival of a frame works on

        /// Asks for that memory ahead: of many devices little is in the cache, and a frame comes to all at once.
        void Fetch() const
        {
            for (const auto* line : memory) {
                __builtin_prefetch(line, 1, 2);
            }
        }
    };

    /// `trusted`: nobody changes models and attributes once frames are on the air; otherwise everything about every
    /// radio is looked up again for each frame, and only the events are saved.
    Audience(ns3::Ptr<ns3::YansWifiChannel> channel, bool trusted);
    Audience(const Audience&) = delete;
    ~Audience();

    /// Looks again at what may have changed. To be called before each frame.
    void Look();

    /// In the order of the channel's list, which is the order of events at the same instant.
    const std::vector<Ear>& Ears() const { return m_ears; }
    const ns3::PropagationLossModel& Loss() const { return *m_loss; }
    const ns3::PropagationDelayModel& Delay() const { return *m_delay; }

    /// Another number after each change that candidates, powers or delays may follow from.
    uint64_t Version() const { return m_version; }

    /// Whether every power and delay stays as it is until `Version` changes.
    bool Still() const { return m_fixed_loss && m_max_speed == 0; }

    /// The distance beyond which nobody notices a frame sent at `tx_dbm`; infinite where that is not known.
    double Reach(double tx_dbm);

    /// How long nobody comes nearer to anybody by `metres`.
    ns3::Time Lasting(double metres) const;

  private:
    void Deafen();
    void Admit(ns3::Ptr<ns3::NetDevice> device);
    void Know();
    void OnPlaced(ns3::Ptr<const ns3::MobilityModel>) { ++m_version; }
    double PowerAt(double tx_dbm, double metres) const;
    double Search(double tx_dbm) const;

    ns3::Ptr<ns3::YansWifiChannel> m_channel;
    std::vector<Ear> m_ears;
    ns3::Ptr<ns3::PropagationLossModel> m_loss;
    ns3::Ptr<ns3::PropagationDelayModel> m_delay;
    ns3::Ptr<ns3::MobilityModel> m_near, m_far;  ///< at whose distance `PowerAt` asks the loss model
    const bool m_trusted;
    bool m_fixed_loss = false;   ///< the same two positions always give the same loss
    bool m_radial_loss = false;  ///< which depends on distance alone
    double m_max_speed = 0;      ///< m/s
    double m_max_gain_db = 0;    ///< by which fading can lift a frame at the most
    uint64_t m_version = 0;
    double m_reach_dbm = 0, m_reach_m = -1;  ///< the last answer of `Reach`
};

}  // namespace testbed
