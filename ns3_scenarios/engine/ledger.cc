#include "ledger.h"

#include "ns3/simulator.h"

#include <algorithm>

namespace testbed {

Delivery*
Parcel::To(uint16_t dst)
{
    const auto at = std::lower_bound(to.begin(), to.end(), dst, [](const auto& row, auto id) { return row.dst < id; });
    return at == to.end() || at->dst != dst ? nullptr : &*at;
}

uint32_t
Parcel::Frames(uint32_t payload_bytes) const
{
    return std::max<int64_t>(1, (size_bytes + payload_bytes - 1) / payload_bytes);
}

uint32_t
Parcel::FrameBytes(uint32_t sequence, uint32_t payload_bytes) const
{
    const int64_t before = int64_t{Frames(payload_bytes) - 1} * payload_bytes;
    const bool last = sequence + 1 == Frames(payload_bytes);
    return last ? size_bytes - before : std::min<int64_t>(size_bytes, payload_bytes);
}

ParcelPtr
Ledger::Add(int64_t id, uint16_t src, uint32_t number, int64_t size_bytes, const std::vector<uint16_t>& dst)
{
    auto parcel = std::make_shared<Parcel>(Parcel{id, src, number, size_bytes, {}});
    for (auto each : dst) {
        parcel->to.push_back({.dst = each});
    }
    m_open += dst.size();
    m_parcels.push_back(parcel);
    return parcel;
}

void
Ledger::End(Parcel& parcel, Delivery& delivery, Cause cause)
{
    if (!delivery.open) {
        return;
    }
    delivery.open = false;
    delivery.cause = cause;
    if (cause == Cause::ARRIVED) {
        delivery.arrived_ns = ns3::Simulator::Now().GetNanoSeconds();
    }
    --m_open;
    ended(parcel, delivery);
}

static void
Append(Deliveries& rows, const Parcel& parcel, const Delivery& delivery)
{
    rows.src.push_back(parcel.src);
    rows.dst.push_back(delivery.dst);
    rows.size_bytes.push_back(parcel.size_bytes);
    rows.started_ns.push_back(delivery.started_ns);
    rows.arrived_ns.push_back(delivery.arrived_ns);
    rows.frames.push_back(delivery.frames);
    rows.retries.push_back(delivery.retries);
    rows.cause.push_back(static_cast<uint8_t>(delivery.cause));
}

Deliveries
Ledger::Rows(bool open_too)
{
    Deliveries rows;
    std::sort(m_parcels.begin(), m_parcels.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
    for (const auto& parcel : m_parcels) {
        for (auto& delivery : parcel->to) {
            if (!delivery.told && (open_too || !delivery.open)) {
                Append(rows, *parcel, delivery);
                delivery.told = true;
            }
        }
    }
    const auto told = [](const Delivery& delivery) { return delivery.told; };
    std::erase_if(m_parcels, [&told](const auto& p) { return std::all_of(p->to.begin(), p->to.end(), told); });
    return rows;
}

}  // namespace testbed
