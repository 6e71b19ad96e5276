/* Start-up and wiring only: everything is in the verbs. */
#include "cli/verb.h"

int main(int argc, char **argv)
{
    return zh_cli_main(argc, argv);
}
