# Our strictness, for our own targets only: linked privately.
add_library(brokersim_warnings INTERFACE)
target_compile_options(brokersim_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wundef
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wlogical-op;-Wuseless-cast>
    # GCC 12 sees overlapping copies in std::string that are not there (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    # A fused multiply-add rounds once where two operations round twice: never contract.
    -ffp-contract=off)
