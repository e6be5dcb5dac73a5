namespace Alidade.Organisms;
