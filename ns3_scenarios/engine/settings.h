// What a world is made of, as Python states it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace testbed {

/// An ns-3 class by name with its attributes as text; `losses_db[tx][rx]` only for ns3::MatrixPropagationLossModel.
struct Model {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<std::vector<double>> losses_db;
};

/// From `from_s` on at (x_m, y_m) and moving in a straight line, until the next leg.
struct Leg {
    double from_s, x_m, y_m, x_mps, y_mps;
};

struct Settings {
    uint32_t devices = 1;
    uint64_t seed = 1;
    std::vector<Model> losses;  ///< chained: each model sees what the one before left over
    std::string manager;        ///< ns-3 rate manager
    std::string rate_mode;      ///< e.g. OfdmRate24Mbps; empty: whatever `manager` uses for broadcast frames
    double tx_power_dbm = 16.0206;

    std::string fading = "none";  ///< or nakagami
    double nakagami_m = 1;
    bool culled = true;  ///< frames are scheduled only where they can be heard
    bool scripted = false;  ///< a scenario script may change models and attributes at any time

    std::string mobility = "static";  ///< static, redraw: each round brings its positions; else devices move by themselves
    double side_m = 0, min_speed_mps = 1, max_speed_mps = 1, pause_s = 0;
    double memory = 0.85, step_s = 1;        ///< gauss-markov
    std::vector<std::vector<Leg>> courses;   ///< ns2: of each device

    double voltage_v = 3, tx_a = 0.38, rx_a = 0.313, busy_a = 0.273, idle_a = 0.273;

    uint32_t hellos = 5;
    int64_t hello_ns = 1'000'000'000;
    double hello_share = 0.6;

    int64_t beacon_ns = 1'000'000'000;  ///< between hellos of a device, where there are no rounds

    std::string transport = "broadcast";  ///< or unicast, tcp
    std::string repair = "fountain";      ///< of broadcast: fountain, nack or none
    double load = 0.25;
    uint32_t payload_bytes = 1472;

    std::string pcap;  ///< folder of a capture file per device; empty: none
};

}  // namespace testbed
