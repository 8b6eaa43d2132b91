#include "audience.h"

#include "fading.h"
#include "speed.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/node.h"
#include "ns3/pointer.h"
#include "ns3/channel-access-manager.h"
#include "ns3/interference-helper.h"
#include "ns3/phy-entity.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy-state-helper.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

using namespace ns3;

namespace testbed {

constexpr double INFINITE = std::numeric_limits<double>::infinity();

// Distances between which the reach is looked for: in steps of an eighth of an octave, then by halving.
constexpr double NEAREST_M = 1e-3, FARTHEST_M = 1e8, STEP = 1.0905077326652577;
constexpr double SLACK = 1 + 1e-9;  // more than the rounding of distances and losses

/// Models whose loss follows from the distance alone and never falls with it (the latter is tried, see `Search`).
static const char* const RADIAL[] = {"ns3::LogDistancePropagationLossModel", "ns3::ThreeLogDistancePropagationLossModel",
                                     "ns3::FriisPropagationLossModel", "ns3::RangePropagationLossModel",
                                     "ns3::FixedRssLossModel"};

static bool
IsRadial(Ptr<PropagationLossModel> model)
{
    return std::ranges::find(RADIAL, model->GetInstanceTypeId().GetName()) != std::end(RADIAL);
}

template <typename T>
static Ptr<T>
ModelOf(Ptr<YansWifiChannel> channel, const char* attribute)
{
    PointerValue value;
    channel->GetAttribute(attribute, value);
    return value.Get<T>();
}

static double
MaxSpeed(Ptr<MobilityModel> mobility)
{
    if (const auto* bounded = dynamic_cast<const BoundedSpeed*>(PeekPointer(mobility))) {
        return bounded->MaxSpeed();
    }
    return mobility->GetInstanceTypeId() == ConstantPositionMobilityModel::GetTypeId() ? 0 : INFINITE;
}

Audience::Audience(Ptr<YansWifiChannel> channel, bool trusted)
    : m_channel(channel),
      m_near(CreateObject<ConstantPositionMobilityModel>()),
      m_far(CreateObject<ConstantPositionMobilityModel>()),
      m_trusted(trusted)
{
}

Audience::~Audience()
{
    Deafen();
}

void
Audience::Deafen()
{
    for (auto& ear : m_ears) {
        ear.mobility->TraceDisconnectWithoutContext("CourseChange", MakeCallback(&Audience::OnPlaced, this));
    }
    m_ears.clear();
}

void
Audience::Look()
{
    if (m_ears.size() != m_channel->GetNDevices()) {
        Deafen();
        for (size_t i = 0; i < m_channel->GetNDevices(); ++i) {
            Admit(m_channel->GetDevice(i));
        }
        Know();
    } else if (!m_trusted) {
        Know();
    }
}

/// Adds the cache lines of `object` to `lines`.
template <typename T>
static void
AddLines(std::vector<const char*>& lines, const Ptr<T>& object)
{
    constexpr size_t LINE = 64;
    const auto* begin = reinterpret_cast<const char*>(PeekPointer(object));
    for (size_t at = 0; begin && at < sizeof(T); at += LINE) {
        lines.push_back(begin + at);
    }
}

static std::vector<const char*>
Memory(Ptr<WifiNetDevice> device, Ptr<YansWifiPhy> phy)
{
    PointerValue interference;
    phy->GetAttribute("InterferenceHelper", interference);
    std::vector<const char*> lines;
    AddLines(lines, phy);
    AddLines(lines, phy->GetState());
    AddLines(lines, interference.Get<InterferenceHelper>());
    AddLines(lines, phy->GetPhyEntity(WIFI_MOD_CLASS_OFDM));
    AddLines(lines, device->GetMac()->GetChannelAccessManager());
    return lines;
}

void
Audience::Admit(Ptr<NetDevice> device)
{
    const auto wifi = DynamicCast<WifiNetDevice>(device);
    const auto phy = wifi ? DynamicCast<YansWifiPhy>(wifi->GetPhy()) : nullptr;
    if (!phy) {
        throw std::invalid_argument("network.channel = \"culled\" serves ns-3's WifiNetDevice alone; for other radios on "
                                    "the channel state network.channel = \"stock\".");
    }
    const auto mobility = phy->GetMobility();
    // Whoever moves by himself tells his speed; of the others each new place is told here.
    if (MaxSpeed(mobility) == 0) {
        mobility->TraceConnectWithoutContext("CourseChange", MakeCallback(&Audience::OnPlaced, this));
    }
    m_ears.push_back({PeekPointer(phy), mobility, device->GetNode()->GetId(), phy->GetRxSensitivity() - phy->GetRxGain(),
                      Memory(wifi, phy)});
}

void
Audience::Know()
{
    ++m_version;
    m_loss = ModelOf<PropagationLossModel>(m_channel, "PropagationLossModel");
    m_delay = ModelOf<PropagationDelayModel>(m_channel, "PropagationDelayModel");
    m_reach_m = -1;
    m_max_speed = m_max_gain_db = 0;
    m_fixed_loss = m_radial_loss = m_trusted && DynamicCast<ConstantSpeedPropagationDelayModel>(m_delay);
    for (const auto& ear : m_ears) {
        m_max_speed = std::max(m_max_speed, MaxSpeed(ear.mobility));
    }
    for (auto model = m_loss; model; model = model->GetNext()) {
        if (const auto fading = DynamicCast<Fading>(model)) {
            m_max_gain_db += fading->MaxGainDb();
            m_fixed_loss = false;
        } else if (!IsRadial(model)) {
            m_radial_loss = false;
            m_fixed_loss = m_fixed_loss && DynamicCast<MatrixPropagationLossModel>(model);
        }
    }
}

double
Audience::PowerAt(double tx_dbm, double metres) const
{
    m_far->SetPosition({metres, 0, 0});
    return m_loss->CalcRxPower(tx_dbm, m_near, m_far) + m_max_gain_db;
}

double
Audience::Search(double tx_dbm) const
{
    const auto faintest = std::ranges::min(m_ears, {}, &Ear::faintest_dbm).faintest_dbm;
    double reached = 0, last = INFINITE;
    for (double metres = NEAREST_M; metres < FARTHEST_M; metres *= STEP) {
        const auto power = PowerAt(tx_dbm, metres);
        if (power > last) {
            return INFINITE;  // louder with distance: nothing can be said
        }
        reached = power >= faintest ? metres : reached;
        last = power;
    }
    double beyond = reached == 0 ? NEAREST_M : reached * STEP;
    while (beyond > reached * SLACK && beyond > NEAREST_M) {
        const auto middle = (reached + beyond) / 2;
        (PowerAt(tx_dbm, middle) >= faintest ? reached : beyond) = middle;
    }
    return beyond > FARTHEST_M / STEP ? INFINITE : beyond * SLACK;
}

double
Audience::Reach(double tx_dbm)
{
    if (!m_radial_loss || m_max_speed == INFINITE) {
        return INFINITE;
    }
    if (m_reach_m < 0 || m_reach_dbm != tx_dbm) {
        m_reach_dbm = tx_dbm;
        m_reach_m = Search(tx_dbm);
    }
    return m_reach_m;
}

Time
Audience::Lasting(double metres) const
{
    constexpr double FOREVER = 1e8;  // seconds
    return Seconds(m_max_speed > 0 && metres < INFINITE ? std::min(metres / (2 * m_max_speed), FOREVER) : FOREVER);
}

}  // namespace testbed
