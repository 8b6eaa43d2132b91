// What a round takes in and gives back: one vector per column, rows in the order of (src, dst).
#pragma once

#include <cstdint>
#include <vector>

namespace testbed {

constexpr int64_t NEVER = -1;

enum class Cause : uint8_t { ARRIVED = 0, DEADLINE = 1, FRAMES_LOST = 2 };

struct Message {
    uint32_t src;
    int64_t size_bytes;
    int64_t ready_ns;
};

struct Links {
    std::vector<int32_t> src, dst;
    std::vector<double> snr_db, heard;
    std::vector<uint8_t> neighbour;
};

struct Deliveries {
    std::vector<int32_t> src, dst;
    std::vector<int64_t> size_bytes, started_ns, arrived_ns;
    std::vector<uint8_t> cause;
};

struct Devices {
    std::vector<int64_t> airtime_ns, frames, data_frames;
    std::vector<double> x_m, y_m;
};

struct Exchange {
    int64_t closed_ns = 0;
    int64_t events = 0;  ///< simulator events since the world began
    Links links;
    Deliveries deliveries;
    Devices devices;
};

}  // namespace testbed
