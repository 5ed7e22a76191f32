// Opening, packing and finishing the trace of a run.
#include "cli/trace_output.hpp"

#include "trace/digest.hpp"

namespace brokersim {

bool TraceOutput::create(const std::string& path) {
    if (!file_.create(path)) { return false; }
    if (path.ends_with(".zst")) { packer_.emplace(file_); }
    return true;
}

bool TraceOutput::write(std::string_view bytes) {
    return packer_ ? packer_->write(bytes) : file_.write(bytes);
}

bool TraceOutput::commit() {
    const bool whole = (!packer_ || packer_->finish()) && file_.commit();
    if (!whole) { file_.discard(); }
    return whole;
}

std::string trace_name(const std::string& folder, const std::string& scenario, std::size_t number) {
    std::string name;
    for (const char c : scenario) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                           (c == '.' && !name.empty());
        name += plain ? c : '_';
    }
    if (name != scenario || name.size() > 100) {
        Digest digest;
        digest.add(scenario);
        name = name.substr(0, 100) + "-" + digest.hex().substr(0, 8);
    }
    if (number > 1) { name += "-" + std::to_string(number); }
    return folder + "/" + name + ".jsonl";
}

} // namespace brokersim
