/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

G_BEGIN_DECLS

/* Each waits until it is done, and it must not fail. */
void client_join (WherryClient *client);
void client_leave (WherryClient *client);

G_END_DECLS
