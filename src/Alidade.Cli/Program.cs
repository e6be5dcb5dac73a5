return Alidade.Cli.Commands.AlidadeCommand.Run(args);
