/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherryd on the other one of the two machines of fixtures/wherry-own-network.h. */

#include <gio/gio.h>

G_BEGIN_DECLS

/* The way that takes no UDP: signaling goes there. */
#define FAR_SERVER_LISTEN "10.66.0.2:0"

typedef struct
{
  GSubprocess *process;
  char *uri;
} FarServer;

/* The two machines, for the whole program. FALSE: what is missing was printed, as a skip, and there
 * are no tests to run. needs: (nullable): another program that must be there */
gboolean far_server_enter (const char *needs);

/* Waits until it listens; it may be started again when it has ended. More arguments of wherryd's
 * may follow, to the first NULL. */
void far_server_start (FarServer *self, const char *wherryd, const char *listen,
                       ...) G_GNUC_NULL_TERMINATED;
/* Waits until it has ended. Well, unless it is killed. */
void far_server_end (FarServer *self, int signal);
/* Ends it by SIGTERM, and frees what is in self. */
void far_server_clear (FarServer *self);

G_END_DECLS
