#include "unicast.h"

#include "ns3/simulator.h"

#include <algorithm>

using namespace ns3;

namespace testbed {

Unicast::Unicast(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream)
    : Transport(air, settings, graph, ledger),
      m_pacer(air, graph, settings.load, first_stream),
      m_stations(air.Size())
{
    for (uint32_t device = 0; device < m_stations.size(); ++device) {
        m_stations[device].turn = device;  // so that not everybody begins with the same receiver
    }
}

Unicast::~Unicast()
{
    for (auto& station : m_stations) {
        station.wake.Cancel();
    }
}

void
Unicast::Start(ParcelPtr parcel)
{
    for (const auto& delivery : parcel->to) {
        m_stations[parcel->src].lanes[delivery.dst].queue.push_back(parcel);
    }
    Wake(parcel->src, Time());
}

void
Unicast::Forget(const ParcelPtr& parcel, uint16_t dst)
{
    auto& station = m_stations[parcel->src];
    Drop(station, station.lanes[dst], parcel);
    if (m_air.At(parcel->src).away) {
        station.packet = 0;  // gone with the MAC's queue
    }
    Wake(parcel->src, Time());
}

void
Unicast::Wake(uint32_t device, Time wait)
{
    auto& wake = m_stations[device].wake;
    wake.Cancel();
    wake = Simulator::Schedule(wait, &Unicast::Pump, this, device);
}

void
Unicast::Pump(uint32_t device)
{
    auto& station = m_stations[device];
    if (station.packet != 0 || m_air.At(device).away) {
        return;
    }
    if (auto* lane = Next(station)) {
        Send(device, *lane);
        return;
    }
    auto soonest = Time::Max();
    for (const auto& [dst, lane] : station.lanes) {
        soonest = lane.queue.empty() ? soonest : std::min(soonest, lane.resume);
    }
    if (soonest != Time::Max()) {
        Wake(device, soonest - Simulator::Now());
    }
}

/// The lane whose turn it is, of those that have something to send now.
Unicast::Lane*
Unicast::Next(Station& station)
{
    auto at = station.lanes.lower_bound(station.turn);
    for (size_t i = 0; i < station.lanes.size(); ++i, ++at) {
        at = at == station.lanes.end() ? station.lanes.begin() : at;
        if (!at->second.queue.empty() && at->second.resume <= Simulator::Now()) {
            station.turn = at->first;
            return &at->second;
        }
    }
    return nullptr;
}

void
Unicast::Send(uint32_t device, Lane& lane)
{
    auto& station = m_stations[device];
    station.parcel = lane.queue.front();
    FrameHeader header;
    header.kind = Kind::DATA;
    header.source = device;
    header.number = station.parcel->number;
    header.sequence = lane.acknowledged;
    header.size_bytes = station.parcel->size_bytes;
    header.degree = m_graph.Degree(device);
    const auto frame = Radio::Frame(header, station.parcel->FrameBytes(header.sequence, m_settings.payload_bytes));
    station.packet = frame->GetUid();
    m_air.At(device).Send(frame, m_air.At(station.turn).MacAddress());
}

void
Unicast::OnAir(uint32_t device, const Sending& sending)
{
    auto& station = m_stations[device];
    if (station.packet != 0 && sending.packet->GetUid() == station.packet) {
        ++m_air.At(device).data_frames;
        Count(*station.parcel->To(station.turn), sending.retry);
    }
}

void
Unicast::Settled(uint32_t device, uint64_t packet, bool acknowledged)
{
    auto& station = m_stations[device];
    if (packet != station.packet) {
        return;
    }
    station.packet = 0;
    auto& lane = station.lanes[station.turn];
    if (!lane.queue.empty() && lane.queue.front() == station.parcel) {
        acknowledged ? Acknowledged(station, lane) : GivenUp(device, lane);
    }
    Wake(device, Time());
}

void
Unicast::Acknowledged(Station& station, Lane& lane)
{
    if (++lane.acknowledged == station.parcel->Frames(m_settings.payload_bytes)) {
        Drop(station, lane, station.parcel);
        ++station.turn;
    }
}

void
Unicast::GivenUp(uint32_t device, Lane& lane)
{
    auto& station = m_stations[device];
    const auto body = station.parcel->FrameBytes(lane.acknowledged, m_settings.payload_bytes);
    lane.resume = Simulator::Now() + m_pacer.Gap(device, FrameHeader::FIXED_BYTES + body);
    ++station.turn;
}

/// The parcel has nothing more to go this way; with the last of its ways it is through.
void
Unicast::Drop(Station& station, Lane& lane, const ParcelPtr& parcel)
{
    if (!lane.queue.empty() && lane.queue.front() == parcel) {
        lane.acknowledged = lane.decoded = 0;
        lane.resume = Time();
    }
    std::erase(lane.queue, parcel);
    for (const auto& [dst, other] : station.lanes) {
        if (std::count(other.queue.begin(), other.queue.end(), parcel)) {
            return;
        }
    }
    Through(parcel);
}

void
Unicast::Receive(uint32_t device, const FrameHeader& header)
{
    auto& lane = m_stations[header.source].lanes[device];
    const auto parcel = lane.queue.empty() ? nullptr : lane.queue.front();
    if (!parcel || parcel->number != header.number || header.sequence != lane.decoded) {
        return;  // of an older message, or again because its ACK was lost
    }
    if (++lane.decoded == parcel->Frames(m_settings.payload_bytes)) {
        m_ledger.End(*parcel, *parcel->To(device), Cause::ARRIVED);
    }
}

}  // namespace testbed
