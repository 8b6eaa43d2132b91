// Fast fading whose draws depend on nothing but seed, round, link and instant.
#pragma once

#include "ns3/propagation-loss-model.h"

#include <unordered_map>

namespace testbed {

/// Nakagami-m fading: the received power is multiplied by a Gamma(m, 1/m) variate, mean 1, anew for every frame and link.
///
/// The variate is a function of the seed, the streams' offset (which says the round), both nodes and the present time:
/// whoever else is asked about, and in which order, changes nothing. So the culled channel and ns-3's own see the same
/// power, and a link has the same fading at one instant whatever the traffic before. m = 1 is Rayleigh fading.
/// Nakagami, "The m-distribution", 1960; between two nodes alone (others have no fading).
class Fading : public ns3::PropagationLossModel {
  public:
    static ns3::TypeId GetTypeId();

    /// `m` from 0.5 on.
    static ns3::Ptr<Fading> Of(double m, uint64_t seed);

    /// No draw lifts a frame by more; draws are made from 53 random bits each, so that there is a largest one.
    double MaxGainDb() const;

    /// The variate for the link `from` to `to` at `time_ns`.
    double Draw(uint32_t from, uint32_t to, int64_t time_ns) const;

  private:
    double DoCalcRxPower(double tx_dbm, ns3::Ptr<ns3::MobilityModel> a, ns3::Ptr<ns3::MobilityModel> b) const override;
    int64_t DoAssignStreams(int64_t first) override;
    int64_t NodeOf(const ns3::MobilityModel& mobility) const;

    double m_m = 1;
    uint64_t m_seed = 0;
    int64_t m_stream = 0;
    mutable std::unordered_map<const ns3::MobilityModel*, int64_t> m_nodes;  ///< -1: belongs to none
};

}  // namespace testbed
