/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every fuzz target defines: feed data to one parser and check what must hold for anything
 * that it accepts. Called by libFuzzer, or by driver.c. Returns 0. */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
