// The messages on their way and how each of their deliveries ended.
#pragma once

#include "exchange.h"

#include <functional>
#include <memory>
#include <vector>

namespace testbed {

/// One message to one receiver.
struct Delivery {
    uint16_t dst;
    int64_t started_ns = NEVER, arrived_ns = NEVER;
    int64_t frames = 0, retries = 0;
    Cause cause = Cause::DEADLINE;  ///< as long as it is open
    bool open = true;
    bool told = false;  ///< its row was given
};

/// A message and all that it is meant for.
struct Parcel {
    int64_t id;       ///< as Python numbers it
    uint16_t src;
    uint32_t number;  ///< as frames name it, among those of its source
    int64_t size_bytes;
    std::vector<Delivery> to;  ///< ascending

    /// The delivery to `dst`, or nothing.
    Delivery* To(uint16_t dst);

    /// Frames that it is cut into, at least one.
    uint32_t Frames(uint32_t payload_bytes) const;

    /// Bytes of it in one of them: the last is short, and so is a message of less than a frame. Repair symbols of a
    /// rateless code, numbered on, are full (RFC 6330, 4.4).
    uint32_t FrameBytes(uint32_t sequence, uint32_t payload_bytes) const;
};

using ParcelPtr = std::shared_ptr<Parcel>;

class Ledger {
  public:
    /// Told of each delivery that ends.
    std::function<void(const Parcel&, const Delivery&)> ended = [](const Parcel&, const Delivery&) {};

    ParcelPtr Add(int64_t id, uint16_t src, uint32_t number, int64_t size_bytes, const std::vector<uint16_t>& dst);

    /// The delivery is over; nothing happens where it was before.
    void End(Parcel& parcel, Delivery& delivery, Cause cause);

    uint64_t Open() const { return m_open; }

    /// Rows of what has ended since the last call, and if wanted of what is still open (cause DEADLINE), in order of
    /// message and destination.
    Deliveries Rows(bool open_too);

  private:
    std::vector<ParcelPtr> m_parcels;
    uint64_t m_open = 0;
};

}  // namespace testbed
