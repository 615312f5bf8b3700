/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include "dtls/wherry-dtls-filter.h"
#include "fuzz/fuzz.h"

/* What passes is whole records: the first one's length leads to the end or to another that passes.
 */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  size_t first;

  if (!wherry_dtls_filter_datagram (data, size))
    return 0;
  g_assert_cmpuint (size, >=, 13);
  first = 13 + ((size_t) data[11] << 8 | data[12]);
  g_assert_cmpuint (first, <=, size);
  g_assert_true (wherry_dtls_filter_datagram (data, first));
  if (first < size)
    g_assert_true (wherry_dtls_filter_datagram (data + first, size - first));
  return 0;
}
