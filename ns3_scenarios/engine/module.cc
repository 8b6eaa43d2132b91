// The engine as Python sees it: testbed.network._engine.
#include "mobility.h"
#include "names.h"
#include "world.h"

#include "ns3/simulator.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;
using namespace testbed;
using ns3::Simulator;

template <typename T>
using Column = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename T>
static nb::object
Array(std::vector<T> values)
{
    auto* held = new std::vector<T>(std::move(values));
    nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(held->data(), {held->size()}, owner));
}

static nb::dict
ToPython(Exchange e)
{
    nb::dict links, deliveries, devices, all;
    links["src"] = Array(std::move(e.links.src));
    links["dst"] = Array(std::move(e.links.dst));
    links["snr_db"] = Array(std::move(e.links.snr_db));
    links["delivery"] = Array(std::move(e.links.delivery));
    links["neighbour"] = Array(std::move(e.links.neighbour));
    deliveries["src"] = Array(std::move(e.deliveries.src));
    deliveries["dst"] = Array(std::move(e.deliveries.dst));
    deliveries["size_bytes"] = Array(std::move(e.deliveries.size_bytes));
    deliveries["started_ns"] = Array(std::move(e.deliveries.started_ns));
    deliveries["arrived_ns"] = Array(std::move(e.deliveries.arrived_ns));
    deliveries["cause"] = Array(std::move(e.deliveries.cause));
    devices["airtime_ns"] = Array(std::move(e.devices.airtime_ns));
    devices["frames"] = Array(std::move(e.devices.frames));
    devices["data_frames"] = Array(std::move(e.devices.data_frames));
    deliveries["frames"] = Array(std::move(e.deliveries.frames));
    deliveries["retries"] = Array(std::move(e.deliveries.retries));
    devices["retries"] = Array(std::move(e.devices.retries));
    devices["energy_j"] = Array(std::move(e.devices.energy_j));
    devices["x_m"] = Array(std::move(e.devices.x_m));
    devices["y_m"] = Array(std::move(e.devices.y_m));
    all["closed_ns"] = e.closed_ns;
    all["events"] = e.events;
    all["links"] = links;
    all["deliveries"] = deliveries;
    all["devices"] = devices;
    return all;
}

static std::vector<double>
ToPositions(const Column<double>& positions_m)
{
    return {positions_m.data(), positions_m.data() + positions_m.size()};
}

static std::vector<Absence>
ToAbsences(const Column<int32_t>& device, const Column<int64_t>& from_ns, const Column<int64_t>& until_ns)
{
    std::vector<Absence> absences;
    for (size_t i = 0; i < device.size(); ++i) {
        absences.push_back({uint32_t(device(i)), from_ns(i), until_ns(i)});
    }
    return absences;
}

static nb::dict
Round(World& world, uint32_t round, int64_t opened_ns, int64_t deadline_ns, Column<double> positions_m,
      Column<int32_t> src, Column<int32_t> dst, Column<int64_t> size_bytes, Column<int64_t> ready_ns,
      uint64_t matching_seed, Column<int32_t> away, Column<int64_t> from_ns, Column<int64_t> until_ns)
{
    const auto positions = ToPositions(positions_m);
    std::vector<Message> messages;
    for (size_t i = 0; i < src.size(); ++i) {
        messages.push_back({uint32_t(src(i)), dst(i), size_bytes(i), ready_ns(i)});
    }
    const auto absences = ToAbsences(away, from_ns, until_ns);
    Exchange exchange;
    {
        nb::gil_scoped_release others_run;
        exchange = world.Round(round, opened_ns, deadline_ns, positions, messages, matching_seed, absences);
    }
    return ToPython(std::move(exchange));
}

static int64_t
Saturate(World& world, uint32_t senders, uint32_t bytes, bool unicast, int64_t duration_ns, Column<double> positions_m)
{
    const std::vector<double> positions(positions_m.data(), positions_m.data() + positions_m.size());
    nb::gil_scoped_release others_run;
    return world.Saturate(senders, bytes, unicast, duration_ns, positions);
}

static nb::dict
Turn(World& world, Column<double> positions_m, Column<int32_t> away, Column<int64_t> from_ns, Column<int64_t> until_ns)
{
    return ToPython(world.Turn(ToPositions(positions_m), ToAbsences(away, from_ns, until_ns)));
}

/// The present instant, events so far, and (message, src, dst, arrived) of what has ended.
static nb::tuple
Advance(World& world, int64_t until_ns)
{
    std::vector<Ended> ended;
    {
        nb::gil_scoped_release others_run;
        ended = world.Advance(until_ns);
    }
    nb::list rows;
    for (const auto& each : ended) {
        rows.append(nb::make_tuple(each.message, each.src, each.dst, each.arrived));
    }
    return nb::make_tuple(world.NowNs(), world.Events(), rows);
}

static Model
ToModel(nb::handle given)
{
    Model model{nb::cast<std::string>(given["model"]), {}, {}};
    for (auto [name, value] : nb::cast<nb::dict>(given["attributes"])) {
        model.attributes.emplace_back(nb::cast<std::string>(name), nb::cast<std::string>(value));
    }
    for (auto row : given["losses_db"]) {
        auto& losses = model.losses_db.emplace_back();
        for (auto loss : row) {
            losses.push_back(nb::cast<double>(loss));
        }
    }
    return model;
}

static std::vector<Leg>
ToLegs(Column<double> numbers)
{
    std::vector<Leg> legs;
    for (size_t i = 0; i + 4 < numbers.size(); i += 5) {
        legs.push_back({numbers(i), numbers(i + 1), numbers(i + 2), numbers(i + 3), numbers(i + 4)});
    }
    return legs;
}

static Settings
ToSettings(nb::dict given)
{
    Settings s;
    s.devices = nb::cast<uint32_t>(given["devices"]);
    s.seed = nb::cast<uint64_t>(given["seed"]);
    for (auto model : given["losses"]) {
        s.losses.push_back(ToModel(model));
    }
    s.manager = nb::cast<std::string>(given["manager"]);
    s.rate_mode = nb::cast<std::string>(given["rate_mode"]);
    s.tx_power_dbm = nb::cast<double>(given["tx_power_dbm"]);
    s.fading = nb::cast<std::string>(given["fading"]);
    s.nakagami_m = nb::cast<double>(given["nakagami_m"]);
    s.culled = nb::cast<bool>(given["culled"]);
    s.scripted = nb::cast<bool>(given["scripted"]);
    s.mobility = nb::cast<std::string>(given["mobility"]);
    s.side_m = nb::cast<double>(given["side_m"]);
    s.min_speed_mps = nb::cast<double>(given["min_speed_mps"]);
    s.max_speed_mps = nb::cast<double>(given["max_speed_mps"]);
    s.pause_s = nb::cast<double>(given["pause_s"]);
    s.memory = nb::cast<double>(given["memory"]);
    s.step_s = nb::cast<double>(given["step_s"]);
    for (auto legs : given["courses"]) {
        s.courses.push_back(ToLegs(nb::cast<Column<double>>(legs)));
    }
    s.voltage_v = nb::cast<double>(given["voltage_v"]);
    s.tx_a = nb::cast<double>(given["tx_a"]);
    s.rx_a = nb::cast<double>(given["rx_a"]);
    s.busy_a = nb::cast<double>(given["busy_a"]);
    s.idle_a = nb::cast<double>(given["idle_a"]);
    s.hellos = nb::cast<uint32_t>(given["hellos"]);
    s.hello_ns = nb::cast<int64_t>(given["hello_ns"]);
    s.hello_share = nb::cast<double>(given["hello_share"]);
    s.beacon_ns = nb::cast<int64_t>(given["beacon_ns"]);
    s.transport = nb::cast<std::string>(given["transport"]);
    s.repair = nb::cast<std::string>(given["repair"]);
    s.load = nb::cast<double>(given["load"]);
    s.payload_bytes = nb::cast<uint32_t>(given["payload_bytes"]);
    s.pcap = nb::cast<std::string>(given["pcap"]);
    return s;
}

NB_MODULE(_engine, m)
{
    m.doc() = "ns-3 802.11a ad-hoc worlds; one at a time in a process. See testbed.network.worker.";
    m.attr("NS3_VERSION") = TESTBED_NS3_VERSION;
    m.attr("NS3_PROFILE") = TESTBED_NS3_PROFILE;
    m.attr("NS3_DEFINITIONS") = TESTBED_NS3_DEFINITIONS;
    m.attr("HEADER_BYTES") = FrameHeader::FIXED_BYTES;
    ExplainUnknownNames();
    m.def("adopt_scripted", &AdoptScripted, "devices"_a);
    m.def("now_ns", [] { return Simulator::Now().GetNanoSeconds(); });
    nb::class_<World>(m, "World")
        .def("__init__", [](World* self, nb::dict settings) { new (self) World(ToSettings(settings)); }, "settings"_a)
        .def_prop_ro("rate_bps", &World::RateBps)
        .def("saturate", &Saturate, "senders"_a, "bytes"_a, "unicast"_a, "duration_ns"_a, "positions_m"_a)
        .def("round", &Round, "round"_a, "opened_ns"_a, "deadline_ns"_a, "positions_m"_a, "src"_a, "dst"_a,
             "size_bytes"_a, "ready_ns"_a, "matching_seed"_a, "away"_a, "from_ns"_a, "until_ns"_a)
        .def("begin", [](World& world, Column<double> positions_m) { world.Begin(ToPositions(positions_m)); },
             "positions_m"_a)
        .def("neighbours", &World::Neighbours, "device"_a)
        .def("send", &World::Send, "message"_a, "src"_a, "dst"_a, "size_bytes"_a)
        .def("cancel", &World::Cancel, "message"_a)
        .def("advance", &Advance, "until_ns"_a)
        .def("turn", &Turn, "positions_m"_a, "away"_a, "from_ns"_a, "until_ns"_a);
}
