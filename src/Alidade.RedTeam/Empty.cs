namespace Alidade.RedTeam;
