// The devices' radios, where they are, and the channel between them.
#pragma once

#include "energy.h"
#include "exchange.h"
#include "radio.h"
#include "settings.h"

#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/nstime.h"
#include "ns3/vector.h"
#include "ns3/yans-wifi-channel.h"

#include <memory>
#include <vector>

namespace testbed {

class Air {
  public:
    explicit Air(const Settings& settings);

    uint32_t Size() const { return m_radios.size(); }
    ns3::Ptr<ns3::WifiNetDevice> Device(uint32_t device) const;
    Radio& At(uint32_t device) { return *m_radios[device]; }

    void Place(uint32_t device, double x_m, double y_m);
    ns3::Vector Position(uint32_t device) const;

    /// A device that is away has its radio off: it neither hears nor sends.
    void SetAway(uint32_t device, bool away);

    /// Joules count from `opened_ns` on, since when radios have been quiet, or off where their device was away.
    void BeginEnergy(int64_t opened_ns, const std::vector<Absence>& absences);

    /// What the radio of a device used, to now.
    double EnergyJ(uint32_t device) const { return m_energy[device]->GetTotalEnergyConsumption(); }

    /// Gives radios and channel random streams from `first` on; returns the next free one.
    int64_t AssignStreams(int64_t first);

    /// Rate of broadcast frames.
    int64_t RateBps() const;

    /// What a frame with `bytes` of ours takes of the air: DIFS, mean back-off and the frame itself.
    ns3::Time FrameTime(uint32_t bytes) const;

  private:
    void InstallWifi(const Settings& settings);
    ns3::WifiMode BroadcastMode() const;

    ns3::NodeContainer m_nodes;
    ns3::NetDeviceContainer m_devices;
    ns3::Ptr<ns3::YansWifiChannel> m_channel;
    std::vector<std::unique_ptr<Radio>> m_radios;
    std::vector<ns3::Ptr<RadioEnergy>> m_energy;
};

}  // namespace testbed
