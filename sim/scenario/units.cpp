// Durations, sizes, rates and ratios from and to text.
#include "scenario/units.hpp"

#include "scenario/load.hpp"
#include "scenario/report.hpp"

#include <limits>
#include <numeric>
#include <span>

namespace brokersim {
namespace {

__extension__ typedef __int128 Wide; // For exact intermediate results.

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr Unit durations[] = {{"ns", 1},
                              {"us", 1'000},
                              {"ms", 1'000'000},
                              {"s", 1'000'000'000},
                              {"min", 60'000'000'000},
                              {"h", 3'600'000'000'000},
                              {"d", 86'400'000'000'000}};
constexpr Unit sizes[] = {{"B", 1},
                          {"KB", 1'000},
                          {"MB", 1'000'000},
                          {"GB", 1'000'000'000},
                          {"KiB", std::int64_t{1} << 10},
                          {"MiB", std::int64_t{1} << 20},
                          {"GiB", std::int64_t{1} << 30}};
// In bits; sizes are multiplied by 8.
constexpr Unit bits[] = {{"kbit", 1'000}, {"Mbit", 1'000'000}, {"Gbit", 1'000'000'000}};
constexpr Unit periods[] = {
    {"/s", 1'000'000'000}, {"/min", 60'000'000'000}, {"/h", 3'600'000'000'000}};
constexpr Unit percent[] = {{"%", 10'000'000}};

constexpr std::string_view duration_forms = R"("250us", "5ms", "1.5s", "2min", "1h" or "1d")";
constexpr std::string_view size_forms = R"("100B", "10KB", "10KiB", "1MiB" or "1GiB")";
constexpr std::string_view bandwidth_forms = R"("100MB/s", "10Gbit/s" or "unlimited")";
constexpr std::string_view rate_forms = R"("1000/s", "30/min" or "0.5/h")";

/// A decimal as digits: value = digits ÷ 10^decimals, and what stands behind it.
struct Decimal {
    Wide digits = 0;
    int decimals = 0;
    std::string_view rest;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Digits, optionally a point and digits. Trailing zeros behind the point do not count; nothing
/// when the form is wrong or there are more than 27 digits that do.
std::optional<Decimal> decimal_of(std::string_view text) {
    std::size_t whole = 0;
    while (whole < text.size() && is_digit(text[whole])) {
        ++whole;
    }
    if (whole == 0) { return std::nullopt; }
    std::string_view fraction;
    std::size_t end = whole;
    if (end < text.size() && text[end] == '.') {
        ++end;
        while (end < text.size() && is_digit(text[end])) {
            ++end;
        }
        fraction = text.substr(whole + 1, end - whole - 1);
        if (fraction.empty()) { return std::nullopt; }
    }
    Decimal out;
    out.rest = text.substr(end);
    std::string_view head = text.substr(0, whole);
    while (head.size() > 1 && head.front() == '0') {
        head.remove_prefix(1);
    }
    while (!fraction.empty() && fraction.back() == '0') {
        fraction.remove_suffix(1);
    }
    if (head.size() + fraction.size() > 27) {
        out.decimals = -1; // Too long: the caller says what that means.
        return out;
    }
    for (const char c : head) {
        out.digits = out.digits * 10 + (c - '0');
    }
    for (const char c : fraction) {
        out.digits = out.digits * 10 + (c - '0');
    }
    out.decimals = static_cast<int>(fraction.size());
    return out;
}

Wide power_of_ten(int n) {
    Wide out = 1;
    for (int k = 0; k < n; ++k) {
        out *= 10;
    }
    return out;
}

const Unit* unit_of(std::string_view name, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (unit.name == name) { return &unit; }
    }
    return nullptr;
}

std::string form_error(std::string_view text, std::string_view what, std::string_view forms) {
    return in_quotes(text) + " is no " + std::string(what) + ": write " + std::string(forms);
}

/// digits × factor ÷ 10^decimals ÷ divisor, which has to be a whole number in range.
Parsed<std::int64_t> scaled(std::string_view text, const Decimal& d, std::int64_t factor,
                            std::int64_t divisor, std::string_view smallest) {
    if (d.decimals < 0) {
        return {{}, in_quotes(text) + " is too long: out of range or too precise"};
    }
    // 10^27 × 8.64e13 does not fit in 127 bits; what overflows here is out of range anyway.
    constexpr Wide limit = static_cast<Wide>(int64_max) * 1'000'000'000 * 1'000'000'000;
    if (d.digits > limit / factor) { return {{}, in_quotes(text) + " is out of range"}; }
    const Wide numerator = d.digits * factor;
    const Wide denominator = power_of_ten(d.decimals) * divisor;
    const Wide value = numerator / denominator;
    if (value > int64_max) { return {{}, in_quotes(text) + " is out of range"}; }
    if (value * denominator != numerator) {
        return {{}, in_quotes(text) + " is not a whole " + std::string(smallest)};
    }
    return {static_cast<std::int64_t>(value), {}};
}

std::string with_unit(std::int64_t value, std::span<const Unit> units, std::size_t last) {
    std::size_t best = 0;
    for (std::size_t k = 0; k <= last && value != 0; ++k) {
        if (value % units[k].factor == 0 && units[k].factor > units[best].factor) { best = k; }
    }
    return std::to_string(value / units[best].factor) + std::string(units[best].name);
}

std::string decimal_text(std::int64_t value, int decimals) {
    std::string text = std::to_string(value);
    if (text.size() <= static_cast<std::size_t>(decimals)) {
        text.insert(0, static_cast<std::size_t>(decimals) + 1 - text.size(), '0');
    }
    text.insert(text.size() - static_cast<std::size_t>(decimals), ".");
    while (text.back() == '0') {
        text.pop_back();
    }
    if (text.back() == '.') { text.pop_back(); }
    return text;
}

} // namespace

Parsed<Duration> duration_of(std::string_view text) {
    const auto d = decimal_of(text);
    const Unit* unit = d ? unit_of(d->rest, durations) : nullptr;
    if (unit == nullptr) { return {{}, form_error(text, "duration", duration_forms)}; }
    const auto ns = scaled(text, *d, unit->factor, 1, "number of nanoseconds");
    if (!ns.value) { return {{}, ns.error}; }
    return {Duration{*ns.value}, {}};
}

Parsed<std::int64_t> size_of(std::string_view text) {
    const auto d = decimal_of(text);
    const Unit* unit = d ? unit_of(d->rest, sizes) : nullptr;
    if (unit == nullptr) { return {{}, form_error(text, "size", size_forms)}; }
    return scaled(text, *d, unit->factor, 1, "number of bytes");
}

Parsed<Bandwidth> bandwidth_of(std::string_view text) {
    if (text == "unlimited") { return {0, {}}; }
    const auto d = decimal_of(text);
    std::string_view name = d ? d->rest : "";
    const bool per_second = name.size() > 2 && name.substr(name.size() - 2) == "/s";
    if (per_second) { name.remove_suffix(2); }
    const Unit* size = per_second ? unit_of(name, sizes) : nullptr;
    const Unit* bit = per_second ? unit_of(name, bits) : nullptr;
    if (size == nullptr && bit == nullptr) {
        return {{}, form_error(text, "bandwidth", bandwidth_forms)};
    }
    auto bytes = size != nullptr ? scaled(text, *d, size->factor, 1, "number of bytes per second")
                                 : scaled(text, *d, bit->factor, 8, "number of bytes per second");
    if (bytes.value == 0) { return {{}, "a bandwidth must be more than 0"}; }
    return bytes;
}

Parsed<Rate> rate_of(std::string_view text) {
    const auto d = decimal_of(text);
    const Unit* unit = d ? unit_of(d->rest, periods) : nullptr;
    if (unit == nullptr) { return {{}, form_error(text, "rate", rate_forms)}; }
    if (d->decimals < 0 || d->digits > int64_max || d->decimals > 6) {
        return {{}, in_quotes(text) + " is out of range or has more than 6 decimals"};
    }
    const auto count = static_cast<std::int64_t>(d->digits);
    const auto per = static_cast<std::int64_t>(unit->factor * power_of_ten(d->decimals) /
                                               (count == 0 ? power_of_ten(d->decimals) : 1));
    if (count > per) { return {{}, in_quotes(text) + " is out of range: at most 1000000000/s"}; }
    const std::int64_t common = std::gcd(count, per);
    return {Rate{count / common, Duration{per / common}}, {}};
}

Parsed<std::int64_t> cost_of(std::string_view text) {
    const auto d = decimal_of(text);
    const Unit* unit = d ? unit_of(d->rest, durations) : nullptr;
    if (unit == nullptr) {
        return {{}, form_error(text, "cost per byte", R"("0.1ns", "2ns" or "0.000125ns")")};
    }
    if (unit->factor > 1'000'000'000) { return {{}, in_quotes(text) + " is out of range"}; }
    if (d->decimals > 6) { return {{}, in_quotes(text) + " has more than 6 decimals"}; }
    return scaled(text, *d, unit->factor * 1'000'000, 1, "number of millionths of a nanosecond");
}

Parsed<std::int64_t> percent_of(std::string_view text) {
    const auto d = decimal_of(text);
    if (!d || unit_of(d->rest, percent) == nullptr) {
        return {{}, form_error(text, "ratio", R"("0.1%", or a number from 0 to 1)")};
    }
    auto out = scaled(text, *d, percent[0].factor, 1, "number of billionths");
    if (out.value && *out.value > 1'000'000'000) {
        return {{}, in_quotes(text) + " is out of range: 0% to 100%"};
    }
    return out;
}

Parsed<std::int64_t> decimal_billionths(std::string_view number) {
    const auto d = decimal_of(number);
    if (!d || !d->rest.empty()) {
        return {{}, in_quotes(number) + " does not fit here: write digits, such as 1.5"};
    }
    if (d->decimals < 0 || d->decimals > 9) {
        return {{}, in_quotes(number) + " has more than 9 decimals"};
    }
    return scaled(number, *d, 1'000'000'000, 1, "number of billionths");
}

Parsed<std::int64_t> ratio_of(std::string_view number) {
    const auto d = decimal_of(number);
    if (!d || !d->rest.empty()) {
        return {{}, in_quotes(number) + " is no ratio: write a number from 0 to 1, or \"0.1%\""};
    }
    auto out = decimal_billionths(number);
    if (out.value && *out.value > 1'000'000'000) {
        return {{}, in_quotes(number) + " is out of range: 0 to 1"};
    }
    return out;
}

Parsed<Duration> iso_duration_of(std::string_view text) {
    struct Part {
        char letter;
        bool time;
        std::int64_t seconds;
    };
    constexpr Part parts[] = {
        {'D', false, 86'400}, {'H', true, 3'600}, {'M', true, 60}, {'S', true, 1}};
    const auto wrong = [&]() -> Parsed<Duration> {
        return {{},
                in_quotes(text) +
                    R"( is no duration of ISO 8601: write "P1D", "PT6H" or "PT1.5S")"};
    };
    const auto letter = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); };
    std::string_view rest = text.substr(text.starts_with('+') ? 1 : 0);
    if (rest.empty() || letter(rest.front()) != 'P') { return wrong(); }
    rest.remove_prefix(1);
    Wide total = 0;
    bool time = false;
    bool any = false;
    std::size_t next = 0;
    while (!rest.empty()) {
        if (!time && letter(rest.front()) == 'T') {
            time = true;
            any = false;
            rest.remove_prefix(1);
            continue;
        }
        if (rest.front() == '+') { rest.remove_prefix(1); }
        const auto number = decimal_of(rest);
        if (!number || number->rest.empty() || number->decimals < 0) { return wrong(); }
        while (next < std::size(parts) &&
               (parts[next].letter != letter(number->rest.front()) || parts[next].time != time)) {
            ++next;
        }
        const bool fraction = number->decimals > 0;
        if (next == std::size(parts) || number->decimals > 9 || number->digits > int64_max ||
            (fraction && parts[next].letter != 'S')) {
            return wrong();
        }
        total += number->digits * parts[next].seconds * power_of_ten(9 - number->decimals);
        ++next;
        any = true;
        rest = number->rest.substr(1);
    }
    if (!any) { return wrong(); }
    return {total > int64_max ? Duration::max() : Duration{static_cast<std::int64_t>(total)}, {}};
}

std::string spell_iso(Duration d) {
    return "PT" + decimal_text(d.ns, 9) + "S";
}

std::string spell(Duration d) {
    if (d.ns == 0) { return "0s"; }
    return with_unit(d.ns, durations, 3);
}

std::string spell_size(std::int64_t bytes) {
    return with_unit(bytes, sizes, std::size(sizes) - 1);
}

std::string spell_bandwidth(Bandwidth b) {
    return b == 0 ? "unlimited" : spell_size(b) + "/s";
}

std::string spell(Rate r) {
    // `per` is a unit times a power of ten, divided by what it shared with the count.
    for (const Unit& unit : periods) {
        for (int decimals = 0; decimals <= 6; ++decimals) {
            const Wide numerator =
                static_cast<Wide>(r.count) * unit.factor * power_of_ten(decimals);
            if (numerator % r.per.ns != 0 || numerator / r.per.ns > int64_max) { continue; }
            return decimal_text(static_cast<std::int64_t>(numerator / r.per.ns), decimals) +
                   std::string(unit.name);
        }
    }
    return std::to_string(r.count) + "/" + std::to_string(r.per.ns) + "ns"; // Not from a file.
}

std::string spell_cost(std::int64_t millionths) {
    return decimal_text(millionths, 6) + "ns";
}

std::string spell_percent(std::int64_t billionths) {
    return decimal_text(billionths, 7) + "%";
}

std::string spell_billionths(std::int64_t billionths) {
    return decimal_text(billionths, 9);
}

std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c) {
    const Wide value = static_cast<Wide>(a) * b / c;
    return value > int64_max ? int64_max : static_cast<std::int64_t>(value);
}

std::optional<Duration> parse_duration(std::string_view text, std::string& error) {
    auto out = duration_of(text);
    error = out.error;
    return out.value;
}

std::optional<std::int64_t> parse_size(std::string_view text, std::string& error) {
    auto out = size_of(text);
    error = out.error;
    return out.value;
}

} // namespace brokersim
