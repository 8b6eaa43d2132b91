#include "traffic.h"

namespace testbed {

Traffic::Traffic(Air& air, const Settings& settings, uint32_t round, ns3::Ptr<ns3::UniformRandomVariable> jitter)
    : hellos(air, settings, round, jitter),
      m_air(air),
      m_settings(settings)
{
    for (uint32_t i = 0; i < air.Size(); ++i) {
        auto& radio = air.At(i);
        radio.received = [this, i](const FrameHeader& header, double snr) { Received(i, header, snr); };
        radio.sending = [this, i](const Sending& sending) { hellos.OnAir(i, sending); };
    }
}

Traffic::~Traffic()
{
    for (uint32_t i = 0; i < m_air.Size(); ++i) {
        m_air.At(i).Mute();
    }
}

void
Traffic::Begin(int64_t first_stream)
{
    transport = Transport::Make(m_air, m_settings, hellos.Neighbours(), ledger, first_stream);
    for (uint32_t i = 0; i < m_air.Size(); ++i) {
        auto& radio = m_air.At(i);
        radio.sending = [this, i](const Sending& sending) {
            hellos.OnAir(i, sending);
            transport->OnAir(i, sending);
        };
        radio.settled = [this, i](uint64_t packet, bool acknowledged) { transport->Settled(i, packet, acknowledged); };
    }
}

void
Traffic::Received(uint32_t device, const FrameHeader& header, double snr)
{
    if (header.kind == Kind::HELLO) {
        hellos.Receive(device, header, snr);
    } else if (transport) {
        transport->Receive(device, header);
    }
}

}  // namespace testbed
