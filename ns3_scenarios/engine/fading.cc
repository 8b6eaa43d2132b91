#include "fading.h"

#include "ns3/mobility-model.h"
#include "ns3/node.h"
#include "ns3/simulator.h"

#include <cmath>
#include <numbers>

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Fading);

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014, figures 9 and 16.
class Bits {
  public:
    explicit Bits(uint64_t state) : m_state(state) {}

    uint64_t Next()
    {
        m_state += 0x9e3779b97f4a7c15;
        return Mix(m_state);
    }

    /// In (0, 1): 2^-54, 3 * 2^-54, ..., 1 - 2^-54.
    double Uniform() { return (double(Next() >> 11) + 0.5) * 0x1p-53; }

    static uint64_t Mix(uint64_t z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

  private:
    uint64_t m_state;
};

// Box and Muller (1958): no normal variate is larger than this, since no uniform one is smaller than 2^-54.
static const double LARGEST_NORMAL = std::sqrt(2 * 54 * std::numbers::ln2);

static double
Normal(Bits& bits)
{
    const auto radius = std::sqrt(-2 * std::log(bits.Uniform()));
    return radius * std::cos(2 * std::numbers::pi * bits.Uniform());
}

/// Gamma(shape, 1) for shape >= 1. Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, section 3.
static double
Gamma(double shape, Bits& bits)
{
    const auto d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
        const auto x = Normal(bits), v = std::pow(1 + c * x, 3);
        if (v > 0 && std::log(bits.Uniform()) < x * x / 2 + d - d * v + d * std::log(v)) {
            return d * v;
        }
    }
}

TypeId
Fading::GetTypeId()
{
    static TypeId id = TypeId("testbed::Fading").SetParent<PropagationLossModel>();
    return id;
}

Ptr<Fading>
Fading::Of(double m, uint64_t seed)
{
    auto fading = CreateObject<Fading>();
    fading->m_m = m;
    fading->m_seed = seed;
    return fading;
}

double
Fading::Draw(uint32_t from, uint32_t to, int64_t time_ns) const
{
    auto key = Bits::Mix(m_seed);
    for (auto part : {uint64_t(m_stream), uint64_t{from} << 32 | to, uint64_t(time_ns)}) {
        key = Bits::Mix(key + 0x9e3779b97f4a7c15) ^ part;
    }
    Bits bits(Bits::Mix(key));
    // Below 1 the shape is lifted by 1 and the variate multiplied by u^(1/m): Marsaglia and Tsang, section 6.
    const auto lift = m_m < 1 ? std::pow(bits.Uniform(), 1 / m_m) : 1.0;
    return lift * Gamma(m_m < 1 ? m_m + 1 : m_m, bits) / m_m;
}

double
Fading::MaxGainDb() const
{
    const auto d = (m_m < 1 ? m_m + 1 : m_m) - 1.0 / 3;
    return 10 * std::log10(d * std::pow(1 + LARGEST_NORMAL / std::sqrt(9 * d), 3) / m_m);
}

int64_t
Fading::NodeOf(const MobilityModel& mobility) const
{
    const auto [at, unknown] = m_nodes.try_emplace(&mobility, -1);
    if (unknown) {
        if (const auto node = mobility.GetObject<Node>()) {
            at->second = node->GetId();
        }
    }
    return at->second;
}

double
Fading::DoCalcRxPower(double tx_dbm, Ptr<MobilityModel> a, Ptr<MobilityModel> b) const
{
    const auto from = NodeOf(*a), to = NodeOf(*b);
    if (from < 0 || to < 0) {
        return tx_dbm;
    }
    return tx_dbm + 10 * std::log10(Draw(from, to, Simulator::Now().GetNanoSeconds()));
}

int64_t
Fading::DoAssignStreams(int64_t first)
{
    m_stream = first;
    return 1;
}

}  // namespace testbed
