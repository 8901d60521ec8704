/** @file The header compiles alone, and twice. */
#include "phygital.h"
#include "phygital.h"

int main(void)
{
    return phygital_abi_version() == PHYGITAL_ABI_VERSION ? 0 : 1;
}
