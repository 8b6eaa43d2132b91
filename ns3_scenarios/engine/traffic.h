// Hellos and messages on the air: of one round, or of a world without rounds.
#pragma once

#include "hellos.h"
#include "transport.h"

namespace testbed {

class Traffic {
  public:
    /// Hears and counts all frames from now on; hellos are numbered `round`.
    Traffic(Air& air, const Settings& settings, uint32_t round, ns3::Ptr<ns3::UniformRandomVariable> jitter);

    /// The radios are mute again.
    ~Traffic();
    Traffic(const Traffic&) = delete;

    /// From now on there are messages too. Random streams from `first_stream`.
    void Begin(int64_t first_stream);

    Ledger ledger;
    Hellos hellos;
    std::unique_ptr<Transport> transport;

  private:
    void Received(uint32_t device, const FrameHeader& header, double snr);

    Air& m_air;
    const Settings& m_settings;
};

}  // namespace testbed
