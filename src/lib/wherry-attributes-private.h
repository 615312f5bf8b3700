/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Private: what a program says about a member. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/* Whether attributes that an application gives can be a member's. json: (nullable): none. Errors:
 * WHERRY_ERROR_TOO_LARGE; WHERRY_ERROR_INVALID_ARGUMENT: no JSON object, or one too deep. */
gboolean wherry_attributes_check (const char *json, GError **error);

G_END_DECLS
