/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How packets leave, apart from everything else, so that a faster way can take its place where the
 * selected pair is plain UDP. Thread: peer */

#include <nice/agent.h>

#include "base/wherry-log.h"

G_BEGIN_DECLS

/* Returns how many the system did not take: they are lost, as on any network. */
guint wherry_ice_output_send (NiceAgent *agent, guint stream, const GOutputVector *packets, guint n,
                              const WherryLogContext *log);

G_END_DECLS
