/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one header that a program includes. */

#include "base/wherry-error.h"
#include "lib/wherry-certificate.h"
#include "lib/wherry-client.h"
#include "lib/wherry-client-channel.h"
#include "lib/wherry-configuration.h"
#include "lib/wherry-data-channel.h"
#include "lib/wherry-dtls-transport.h"
#include "lib/wherry-enum-types.h"
#include "lib/wherry-enums.h"
#include "lib/wherry-ice-candidate.h"
#include "lib/wherry-ice-parameters.h"
#include "lib/wherry-ice-server.h"
#include "lib/wherry-ice-transport.h"
#include "lib/wherry-member.h"
#include "lib/wherry-peer-connection.h"
#include "lib/wherry-relay.h"
#include "lib/wherry-room.h"
#include "lib/wherry-sctp-transport.h"
#include "lib/wherry-server.h"
#include "lib/wherry-session-description.h"
#include "lib/wherry-stats-report.h"
#include "lib/wherry-version.h"
