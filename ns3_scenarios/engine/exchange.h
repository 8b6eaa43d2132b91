// What a round takes in and gives back: one vector per column, rows in the order of (exchange, src, dst).
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace testbed {

constexpr int64_t NEVER = -1;

/// Whom a message is for, where that is no device: see testbed/exchange.py.
constexpr int32_t ALL_NEIGHBOURS = -1, A_PARTNER = -2, ONE_PAIR = -3;

enum class Cause : uint8_t { ARRIVED = 0, DEADLINE = 1, FRAMES_LOST = 2, AWAY = 3, SUPERSEDED = 4 };

struct Message {
    uint32_t src;
    int32_t dst;
    int64_t size_bytes;
    int64_t ready_ns;
};

/// `device` is away in [from_ns, until_ns).
struct Absence {
    uint32_t device;
    int64_t from_ns, until_ns;

    bool Meets(int64_t begin_ns, int64_t end_ns) const { return from_ns < end_ns && begin_ns < until_ns; }
};

/// One delivery is over.
struct Ended {
    int64_t message;
    uint16_t src, dst;
    bool arrived;
    auto operator<=>(const Ended&) const = default;
};

struct Links {
    std::vector<int32_t> src, dst;
    std::vector<double> snr_db, delivery;
    std::vector<uint8_t> neighbour;
};

struct Deliveries {
    std::vector<int32_t> src, dst;
    std::vector<int64_t> size_bytes, started_ns, arrived_ns;
    std::vector<uint8_t> cause;
    std::vector<int64_t> frames, retries;
};

struct Devices {
    std::vector<int64_t> airtime_ns, frames, data_frames, retries;
    std::vector<double> energy_j, x_m, y_m;
};

struct Exchange {
    int64_t closed_ns = 0;
    int64_t events = 0;  ///< simulator events since the world began
    Links links;
    Deliveries deliveries;
    Devices devices;
};

}  // namespace testbed
