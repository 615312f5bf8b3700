/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-error.h"

/* G_DEFINE_QUARK() takes the name with its dashes, which the formatter would space out.
 * The one public symbol below lib/: one error domain for every layer. */
__attribute__ ((visibility ("default"))) GQuark
wherry_error_quark (void)
{
  return g_quark_from_static_string ("wherry-error-quark");
}
